"""The page of `purenn explain` in a real browser: what it answers, what it asks for, and how it looks."""

import struct

import pytest

from browser import CHROMIUM, Browser
from purenn import Dense, Network, demo, load
from purenn.explain import Explanation, as_html
from purenn.formats.samples import read_samples

from test_explain import of_every_kind
from test_explain_maps import colours
from test_cli import PICTURES, WEIGHTS, needs_mnist

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")

SCRIPT = "<script>document.title = 'run'</script>"
WINDOWS = [(1100, False), (1100, True), (390, False), (390, True)]  # width, dark


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Addresses of pages by their names."""
    folder = tmp_path_factory.mktemp("pages")

    def written(name, whole):
        path = folder / (name + ".html")
        path.write_text(as_html(whole), encoding="utf-8")
        return path

    overflow = Network([Dense([[1010.0, 1000.0, 990.0]], None, "softmax")], labels=["cat", SCRIPT, "eel"], name=SCRIPT)
    kinds = of_every_kind()
    return {
        "wired": written("wired", Explanation(*kinds[-2])),
        "unknown kinds": written("unknown kinds", Explanation(*kinds[-1])),
        "book": written("book", Explanation(demo.network(), demo.X, "1.0,0.5")),
        "overflow": written("overflow", Explanation(overflow, [1.0], SCRIPT)),
        "pictures": written("pictures", colours()),
    }


@pytest.fixture(scope="module")
def digit(pages, tmp_path_factory):
    network = load(WEIGHTS, activations=["sigmoid", "sigmoid", "softmax"])
    pixels = read_samples(PICTURES, 784)[0]
    path = tmp_path_factory.mktemp("digit") / "digit.html"
    path.write_text(as_html(Explanation(network, [v / 255 for v in pixels], "t10k[0]")), encoding="utf-8")
    return path


def shown(browser, path, width=1100, dark=False):
    """The page in a window of its own; it must not have asked for anything, nor complained."""
    browser.requests.clear()
    browser.complaints.clear()
    browser.view(width, 800, dark)
    browser.open("about:blank")
    browser.requests.clear()
    seconds = browser.open(path.as_uri())
    assert [address for address in browser.requests if not address.startswith("data:")] == [path.as_uri()]
    return seconds


def at_rest(browser, path):
    """Nothing was said on the console, and nothing asked for after all that was done."""
    assert browser.complaints == []
    assert [address for address in browser.requests if not address.startswith("data:")] == [path.as_uri()]


# how many of the elements are in a picture that is shown
IN_SIGHT = "Array.from(document.querySelectorAll('%s')).filter(e => e.getClientRects().length).length"
SUM = "document.querySelector('.sum.chosen').innerText.replace(/\\s+/g, '')"


def test_a_neuron_that_is_pointed_at_or_reached_with_the_keyboard_shows_its_sum(browser, pages):
    shown(browser, pages["book"])
    assert browser.ask(IN_SIGHT % ".neuron") == 7
    assert "0.69627909" in browser.ask(SUM) and "Layer3,neuron2" in browser.ask(SUM)
    place = browser.ask(
        "(r => [r.x + r.width / 2, r.y + r.height / 2])"
        "(document.querySelector('[data-neuron=\"1-1\"]').getBoundingClientRect())"
    )
    browser.point(*place)
    assert "Layer1,neuron1" in browser.ask(SUM) and "1\u00b70.1+0.5\u00b70.2+0.1=0.3" in browser.ask(SUM)
    browser.ask("document.querySelector('[data-neuron=\"2-1\"]').focus()")
    assert "Layer2,neuron1" in browser.ask(SUM) and "0.51615984" in browser.ask(SUM)
    browser.press("ArrowDown")
    assert "Layer2,neuron2" in browser.ask(SUM) and "1.214027" in browser.ask(SUM)
    browser.press("ArrowLeft")
    assert "Layer1,neuron" in browser.ask(SUM)
    assert browser.ask(IN_SIGHT % ".edge.lit") == 3
    at_rest(browser, pages["book"])


def test_wires_that_skip_layers_light_up_with_their_neuron(browser, pages):
    shown(browser, pages["wired"])
    browser.ask("document.querySelector('[data-neuron=\"2-1\"]').focus()")
    assert "=1+4.6=5.6" in browser.ask(SUM) and "Layer2,neuron1" in browser.ask(SUM)
    assert browser.ask(IN_SIGHT % ".edge.lit") == 2
    at_rest(browser, pages["wired"])


def test_a_kind_that_explain_has_never_seen_is_shown_as_far_as_its_equations_go(browser, pages):
    shown(browser, pages["unknown kinds"])
    browser.ask("document.querySelector('[data-neuron=\"6-2\"]').focus()")
    assert "=sigmoid(" in browser.ask(SUM) and "Layer6,neuron2" in browser.ask(SUM)
    browser.ask("document.querySelector('[data-neuron=\"5-1\"]').focus()")
    assert "oneof" in browser.ask(SUM) and "mirror" in browser.ask(SUM)
    browser.ask("document.querySelector('[data-neuron=\"7-1\"]').focus()")
    assert "twice<what>wasinZ6;&more" in browser.ask(SUM)
    at_rest(browser, pages["unknown kinds"])


def test_feature_maps_are_pictures_that_lead_to_a_sum(browser, pages):
    shown(browser, pages["pictures"])
    sizes = browser.ask("Array.from(document.querySelectorAll('img')).map(e => e.complete ? e.naturalWidth : 0)")
    assert len(sizes) > 10 and min(sizes) > 0
    assert browser.ask("document.querySelectorAll('.network image').length") == 6
    index = browser.ask("document.querySelector('.neuron image').closest('.neuron').dataset.neuron")
    browser.ask("document.querySelector('.neuron image').closest('.neuron').focus()")
    assert browser.ask("document.querySelector('.sum.chosen').id") == "sum-" + index and index.startswith("1-")
    assert "Layer1,row" in browser.ask(SUM) and "whatthekernelsees" in browser.ask(SUM)
    at_rest(browser, pages["pictures"])


def test_the_tab_key_stops_once_at_each_layer(browser, pages):
    shown(browser, pages["book"])
    assert browser.ask(IN_SIGHT % '.neuron[tabindex="0"]') == 3
    stops = []
    for _ in range(5):
        browser.press("Tab")
        stops.append(browser.ask("document.activeElement.dataset.neuron || document.activeElement.className"))
    assert stops[:3] == ["1-1", "2-1", "3-2"]


def test_every_neuron_has_a_name_for_who_cannot_see_it(browser, pages):
    shown(browser, pages["book"])
    names = browser.ask("Array.from(document.querySelectorAll('.neuron')).map(e => e.getAttribute('aria-label'))")
    assert names[0] == "layer 1, neuron 1: a = 0.3, z = 0.57444252"
    assert browser.ask("document.querySelector('#sums').getAttribute('aria-live')") == "polite"
    assert browser.ask("document.querySelectorAll('img:not([alt]), svg:not([role])').length") == 0
    assert browser.ask("document.documentElement.lang") == "en"


def row(browser, k):
    cells = "Array.from(document.querySelectorAll('.softmax tbody tr')[%d].cells).map(c => c.textContent)"
    return browser.ask(cells % k)


def slide(browser, constant):
    browser.ask(
        "(s => { s.value = %r; s.dispatchEvent(new Event('input', {bubbles: true})); })"
        "(document.querySelector('.softmax input'))" % constant
    )


def test_the_slider_overflows_and_the_result_stays(browser, pages):
    shown(browser, pages["overflow"])
    assert row(browser, 0) == ["1 cat", "1010", "0", "1", "0.9999546", "0.9999546", "\u221e", "NaN"]
    slide(browser, -1000.0)
    k, a, shifted, power, y, stays, _, _ = row(browser, 0)
    assert (shifted, power, y, stays) == ("10", "22026.466", "0.9999546", "0.9999546")
    slide(browser, 0.0)
    k, a, shifted, power, y, stays, _, _ = row(browser, 0)
    assert (shifted, power, y, stays) == ("1010", "\u221e", "NaN", "0.9999546")
    assert "The plain form" in browser.ask("document.querySelector('.news').textContent")
    assert "not a number" in browser.ask("document.querySelector('.news').textContent")
    browser.ask("document.querySelectorAll('.softmax button')[3].click()")  # far below: every exp vanishes
    assert row(browser, 0)[3:6] == ["0", "NaN", "0.9999546"]
    browser.ask("document.querySelector('.softmax button').click()")
    assert row(browser, 0)[2:6] == ["0", "1", "0.9999546", "0.9999546"]
    at_rest(browser, pages["overflow"])


def test_a_label_that_is_a_script_is_text(browser, pages):
    shown(browser, pages["overflow"])
    assert browser.ask("document.title") == SCRIPT
    assert browser.ask("document.querySelectorAll('script').length") == 1
    assert SCRIPT in browser.ask("document.querySelector('.answers').innerText")
    assert SCRIPT in browser.ask("document.querySelector('h1').innerText")
    at_rest(browser, pages["overflow"])


def looks(browser, path, width, dark):
    """Nothing sticks out of the window, nothing is black on black, and there is a picture of it."""
    shown(browser, path, width, dark)
    assert browser.ask("document.documentElement.scrollWidth") == width
    light, ground = browser.ask(
        "['color', 'backgroundColor'].map(name => getComputedStyle(document.body)[name].match(/\\d+/g)"
        ".slice(0, 3).reduce((sum, v) => sum + Number(v), 0))"
    )
    assert light - ground > 500 if dark else ground - light > 500
    picture = browser.screenshot()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">2I", picture[16:24])[0] == width
    assert len(picture) > 30000
    at_rest(browser, path)


@pytest.mark.parametrize("width, dark", WINDOWS)
@pytest.mark.parametrize("name", ["book", "overflow", "wired", "unknown kinds", "pictures"])
def test_light_and_dark_wide_and_narrow(browser, pages, name, width, dark):
    looks(browser, pages[name], width, dark)


@needs_mnist
@pytest.mark.parametrize("width, dark", WINDOWS)
def test_digits_light_and_dark_wide_and_narrow(browser, digit, width, dark):
    looks(browser, digit, width, dark)


@needs_mnist
def test_digits_are_there_at_once(browser, digit):
    assert digit.stat().st_size < 2e6
    assert min([shown(browser, digit) for _ in range(3)]) < 2.0
    assert browser.ask("document.querySelectorAll('.neuron').length") == 160
    browser.ask("document.querySelector('[data-neuron=\"1-50\"]').focus()")
    assert "Layer1,neuron50" in browser.ask(SUM) and "theother772terms" in browser.ask(SUM)
    at_rest(browser, digit)


def test_it_may_ask_for_nothing(browser, pages):
    shown(browser, pages["book"])
    for address in ("data:,x", "https://example.org/"):
        browser.complaints.clear()
        assert browser.ask("fetch(%r).then(() => 'answered', () => 'refused')" % address) == "refused"
        assert any(["Content Security Policy" in complaint for complaint in browser.complaints])


def test_it_can_be_printed(browser, pages):
    shown(browser, pages["book"])
    assert browser.printed()[:5] == b"%PDF-"


def test_it_can_be_read_without_its_script(browser, pages):
    browser.open(pages["overflow"].as_uri() + "#sum-1-2", scripts=False)
    assert "Layer1,neuron2" in browser.ask("document.querySelector('.sum:target').innerText.replace(/\\s+/g, '')")
    assert browser.ask("getComputedStyle(document.querySelector('.live')).display") == "none"
