"""The one way to Amazon's services, and to whatever speaks their language: clients, and what refusals mean."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from ..errors import MissingDependencyError, ReadError
from ..settings import load_settings

__all__ = ["client", "code", "failed", "passing", "refused"]

TRIES = 5

_TITLES = {"s3": "S3", "sqs": "SQS", "kinesis": "Kinesis"}
_ALLOWED = {
    "s3": "ask for s3:ListBucket and s3:GetObject",
    "sqs": "ask for sqs:GetQueueUrl, ReceiveMessage, ChangeMessageVisibility and DeleteMessage, and for s3:GetObject",
    "kinesis": "ask for kinesis:ListShards, GetShardIterator and GetRecords",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "403", "AllAccessDisabled"}
_NO_QUEUE = ("there is no such queue", "check its name, the region and the account")
# What the server answers -> what it means, and what can be done.
_ANSWERS = {
    "ResourceNotFoundException": ("there is no such stream", "check its name, the region and the account"),
    "QueueDoesNotExist": _NO_QUEUE,
    "AWS.SimpleQueueService.NonExistentQueue": _NO_QUEUE,
    "NoSuchBucket": ("there is no such bucket", "check its name, and the endpoint"),
    "NoSuchKey": ("it vanished after it was listed", "read again"),
    "404": ("it vanished after it was listed", "read again"),
    "PreconditionFailed": ("it was replaced while it was read", "read again"),
    "InvalidAccessKeyId": ("the credentials are not known there", "check AWS_ACCESS_KEY_ID, and the endpoint"),
    "UnrecognizedClientException": ("the credentials are not known there", "check AWS_ACCESS_KEY_ID, and the region"),
    "InvalidClientTokenId": ("the credentials are not known there", "check AWS_ACCESS_KEY_ID, and the region"),
    "SignatureDoesNotMatch": ("the credentials are refused", "check AWS_SECRET_ACCESS_KEY, and the region"),
    "ExpiredToken": ("the credentials have expired", "get new ones"),
    "ExpiredTokenException": ("the credentials have expired", "get new ones"),
    "InvalidToken": ("the credentials are refused", "get new ones"),
    "InvalidObjectState": ("it is archived", "restore it first"),
    "SlowDown": ("the server asks to slow down", "try again later"),
    "ProvisionedThroughputExceededException": ("the stream asks to slow down", "give it more shards, or fewer readers"),
    "ServiceUnavailable": ("the server is not available", "try again later"),
    "503": ("the server is not available", "try again later"),
    "InternalError": ("the server failed", "try again later"),
    "500": ("the server failed", "try again later"),
}
_PASSING = {"SlowDown", "ServiceUnavailable", "503", "InternalError", "500", "RequestTimeout"}


@lru_cache(maxsize=8)
def client(service: str) -> Any:
    """Return the one client of a service in this process; threads may share it.

    Credentials, region and endpoint are found as all AWS tools find them (the
    environment, profiles, roles; ``AWS_ENDPOINT_URL``), the endpoint of S3 in
    the settings, too.

    Parameters
    ----------
    service : str
        ``s3``, ``sqs`` or ``kinesis``.

    Raises
    ------
    MissingDependencyError
        If boto3 is not installed.
    ReadError
        If the configuration cannot be used.
    """
    title = _TITLES[service]
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise MissingDependencyError(f"reading from {title} needs boto3", hint="pip install 'attackviz[aws]'") from None
    options = {
        "connect_timeout": 10,
        "read_timeout": 30,
        "max_pool_connections": 16,
        "retries": {"mode": "standard", "total_max_attempts": TRIES},
        # Others than AWS do not know the newer checksums.
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
    }
    endpoint = load_settings().s3_endpoint if service == "s3" else None
    try:
        # A session of its own: the shared one would keep credentials that have been changed since.
        session = boto3.session.Session()
        made = session.client(service, endpoint_url=endpoint, config=Config(**options))
        host = urlsplit(made.meta.endpoint_url).hostname or ""
        if service == "s3" and not host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
            # No name of a bucket is resolved under the name of one's own server.
            config = Config(**options, s3={"addressing_style": "path"})
            made = session.client("s3", endpoint_url=endpoint, config=config)
    except (BotoCoreError, ValueError) as error:
        if isinstance(error, ValueError):
            raise ReadError(f"the endpoint of {title} is no URL", hint="write it as https://host:port") from None
        raise failed(error, title, service) from None
    return made


def code(error: Any) -> str:
    """Return the one word by which a server refused something."""
    word = str(error.response.get("Error", {}).get("Code", "")).rpartition("#")[2]
    return word if re.fullmatch(r"[A-Za-z0-9.]{1,60}", word) else "an unknown error"


def passing(error: Any) -> bool:
    """Return whether what a server refused may succeed in a moment."""
    return code(error) in _PASSING


def refused(error: Any, where: str, service: str) -> ReadError:
    """Say what the server answered; its own words may hold what is secret, and are left out.

    Parameters
    ----------
    error : botocore.exceptions.ClientError
    where : str
        The address of what was asked for.
    service : str
    """
    answer = code(error)
    if answer in _DENIED:
        return ReadError("access is denied", where=where, hint=_ALLOWED[service])
    what, hint = _ANSWERS.get(answer, (f"the server answers {answer}", "check the address"))
    return ReadError(what, where=where, hint=hint)


def failed(error: Any, where: str, service: str) -> ReadError:
    """Say why the server could not even be asked.

    Parameters
    ----------
    error : botocore.exceptions.BotoCoreError
    where : str
        The address of what was asked for.
    service : str
    """
    from botocore import exceptions as known

    title = _TITLES[service]
    if isinstance(error, known.ProfileNotFound):
        hint = "set AWS_PROFILE to one that the configuration of AWS holds"
        return ReadError("there is no such profile of AWS", where=where, hint=hint)
    if isinstance(error, known.NoCredentialsError | known.PartialCredentialsError):
        hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give the machine a role"
        return ReadError(f"no credentials for {title} were found", where=where, hint=hint)
    if isinstance(error, known.NoRegionError):
        return ReadError("no region of AWS is set", where=where, hint="set AWS_DEFAULT_REGION")
    if isinstance(error, known.HTTPClientError | known.ConnectionError):
        host = urlsplit(client(service).meta.endpoint_url)
        shown = f"{host.hostname}:{host.port}" if host.port else host.hostname
        return ReadError(f"{shown} does not answer", where=where, hint="check the network and AWS_ENDPOINT_URL")
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).removesuffix(" Error").lower()
    return ReadError(f"{title} cannot be asked: {kind}", where=where, hint="check the configuration of AWS")
