"""Pages and their views: lines are given back when nobody looks."""

from edgerunner_lab.widgets.viewers import PAGES_MAX, SILENT_SECONDS_MAX, Viewers


def test_views_of_all_pages_are_counted() -> None:
    """Two tabs may show the same table."""
    viewers = Viewers()
    viewers.hear("a", 2, 0.0)
    viewers.hear("b", 1, 0.0)

    assert viewers.count(1.0) == 3


def test_what_a_page_says_last_holds() -> None:
    """A reloaded page says its number anew, and a closed one none."""
    viewers = Viewers()
    viewers.hear("a", 2, 0.0)
    viewers.hear("a", 1, 1.0)
    assert viewers.count(1.0) == 1

    viewers.hear("a", 0, 2.0)

    assert viewers.count(2.0) == 0


def test_a_page_that_has_crashed_does_not_hold_lines_for_ever() -> None:
    """It can no longer say that it is gone."""
    viewers = Viewers()
    viewers.hear("a", 1, 0.0)

    assert viewers.count(SILENT_SECONDS_MAX) == 1
    assert viewers.count(SILENT_SECONDS_MAX + 1) == 0


def test_an_acknowledgement_shows_that_a_page_lives() -> None:
    """Pages say how many views they have only when that changes."""
    viewers = Viewers()
    viewers.hear("a", 1, 0.0)
    viewers.beat("a", 100.0)

    assert viewers.count(100.0 + SILENT_SECONDS_MAX) == 1


def test_a_page_that_was_never_heard_of_has_no_views() -> None:
    """An acknowledgement is not a hello."""
    viewers = Viewers()
    viewers.beat("a", 0.0)

    assert viewers.count(0.0) == 0


def test_a_front_end_cannot_invent_pages_without_end() -> None:
    """The one heard longest ago goes."""
    viewers = Viewers()
    for number in range(PAGES_MAX + 10):
        viewers.hear(str(number), 1, float(number))
    viewers.beat("3", 100.0)

    assert viewers.count(100.0) == PAGES_MAX
