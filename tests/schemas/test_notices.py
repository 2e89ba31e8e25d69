"""Warnings are counted while a run goes on, and told together."""

import logging

from schemas.notices import collect_notices


def test_warnings_of_one_kind_are_one_line():
    logger = logging.getLogger("tandemqa.test")
    with collect_notices() as notices:
        for number in range(3):
            logger.warning("packet %d is broken", number)
        logger.error("disk\nis full")
        logger.info("all is well")
    logger.warning("too late")
    assert notices.lines() == [
        "warning: packet 0 is broken (and 2 more like it)",
        "warning: disk is full",
    ]
