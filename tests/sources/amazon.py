"""A server on loopback that speaks as Amazon's do, shared by all tests; and the environment that leads there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

SECRET = "wJalrXUtnFEMI-very-secret"


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """Yield the URL of a server with S3, SQS and Kinesis, empty at first."""
    from ..conftest import missing

    try:
        from moto.server import ThreadedMotoServer
    except ImportError:
        missing("moto with its server", "make setup")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class Amazon:
    """Clients of the server, and names of this test's own."""

    def __init__(self, url: str, name: str) -> None:
        self.url, self.name = url, name

    def client(self, service: str) -> Any:
        import boto3

        return boto3.client(service, endpoint_url=self.url)

    def bucket(self) -> str:
        name = f"{self.name}-logs"
        self.client("s3").create_bucket(Bucket=name)
        return name

    def put(self, bucket: str, key: str, body: bytes) -> None:
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=body)

    def queue(self, **attributes: str) -> str:
        """Make a queue; return its URL. Its name is that of the test."""
        return self.client("sqs").create_queue(QueueName=self.name, Attributes=attributes)["QueueUrl"]

    def waiting(self, url: str) -> int:
        """Return how many messages a queue holds, hidden or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(told[name]) for name in names)


@pytest.fixture
def amazon(moto: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Amazon]:
    """Yield a way to the server; what the sources ask goes there, too."""
    from attackviz.sources import aws

    monkeypatch.chdir(tmp_path)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "ATTACKVIZ_SETTINGS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": moto,
    }.items():
        monkeypatch.setenv(name, value)
    aws.client.cache_clear()
    yield Amazon(moto, tmp_path.name.replace("_", "-").lower()[:40].strip("-"))
    aws.client.cache_clear()
