"""The app: one reading in the background, one player a session.

Import from the modules: ``job`` and ``loading`` are light, ``app`` and
``server`` load Panel.
"""
