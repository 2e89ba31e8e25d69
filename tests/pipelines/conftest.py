"""Tests of pipelines build hundreds of them."""

from tests.quick_beam import remember

remember()
