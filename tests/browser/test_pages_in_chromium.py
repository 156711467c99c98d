"""Every page in a real browser: accessible, within its policy, usable with and without scripts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.common.exceptions import NoAlertPresentException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.axe import axe_source
from tests.facts import revision
from tests.website import EDITOR, Website, website

WIDTHS = ((390, 844), (1280, 900))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    with website(tmp_path_factory.mktemp("web")) as made:
        yield made


def _chromium(*, scripts: bool = True, dark: bool = False) -> webdriver.Chrome:
    binary = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("no chromium and chromedriver here (Debian: chromium, chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.set_capability("unhandledPromptBehavior", "ignore")
    if not scripts:
        block = {"profile.managed_default_content_settings.javascript": 2}
        options.add_experimental_option("prefs", block)
    try:
        browser = webdriver.Chrome(options=options, service=Service(driver))
    except WebDriverException as error:
        pytest.skip(f"chromium does not start here: {error.msg}")
    browser.set_script_timeout(120)  # on a busy machine axe takes its time
    if dark:
        media = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    return browser


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    made = _chromium()
    yield made
    made.quit()


def _paths(site: Website) -> tuple[str, ...]:
    agency = next(a.row.agency_id for a in site.store.agreements())
    return (
        "/", "/events", "/events?q=state:TX,FL", "/events?q=stat:TX", f"/e/{site.opened[20].id}",
        f"/e/{site.hostile}", f"/e/{site.retracted}", "/states", "/state/TX", "/county/48113",
        "/agencies?q=county", f"/agency/{agency}", "/bill/TX/SB8", "/roster", "/sources",
        "/roster/diff?before=2025-04-01&after=2025-09-15", "/digests", "/digests/digest-1",
        "/about", "/subscribe?q=state:TX", "/login", "/login/some-token", "/api", "/nowhere",
        "/confirm?token=x",
    )  # fmt: skip


def _staff_paths() -> tuple[str, ...]:
    return ("/health", "/review", f"/versions/{revision('bill').item.id}")


def _size(browser: webdriver.Chrome, width: int, height: int) -> None:
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def _violations(browser: webdriver.Chrome, source: str) -> list[str]:
    browser.execute_script(source)
    found = browser.execute_async_script(
        "const done = arguments[1];"
        "axe.run(document, {runOnly: {type: 'tag', values: arguments[0]}})"
        ".then(r => done(JSON.stringify(r.violations)), e => done(JSON.stringify([String(e)])))",
        RULES,
    )
    return [
        f"{one['id']}: {node['html'][:160]}" for one in json.loads(found) for node in one["nodes"]
    ]


def _sign_in(browser: webdriver.Chrome, site: Website) -> None:
    browser.get(f"{site.url}/login")
    browser.add_cookie({"name": "session", "value": site.session(EDITOR)})


def _faults(
    browser: webdriver.Chrome, site: Website, paths: tuple[str, ...]
) -> dict[str, list[str]]:
    source = axe_source()
    found = {}
    for path in paths:
        browser.get(site.url + path)
        found[path] = _violations(browser, source)
    return {path: faults for path, faults in found.items() if faults}


def test_no_page_has_an_accessibility_fault(browser: webdriver.Chrome, site: Website) -> None:
    _size(browser, *WIDTHS[1])
    assert _faults(browser, site, _paths(site)) == {}
    _sign_in(browser, site)
    assert _faults(browser, site, _staff_paths()) == {}
    browser.delete_all_cookies()
    _size(browser, *WIDTHS[0])
    narrow = ("/", "/events?q=state:TX,FL", "/roster", f"/e/{site.retracted}", "/state/TX")
    assert _faults(browser, site, narrow) == {}


def test_the_dark_colours_have_contrast_too(site: Website) -> None:
    browser = _chromium(dark=True)
    try:
        paths = ("/", "/events?q=stat:TX", "/roster", f"/e/{site.retracted}", "/about")
        assert _faults(browser, site, paths) == {}
    finally:
        browser.quit()


def test_nothing_breaks_the_policy_or_the_width(browser: webdriver.Chrome, site: Website) -> None:
    for width, height in WIDTHS:
        _size(browser, width, height)
        for path in _paths(site):
            browser.get(site.url + path)
            wide = browser.execute_script("return document.documentElement.scrollWidth")
            assert wide <= width, (path, wide)
            with pytest.raises(NoAlertPresentException):
                browser.switch_to.alert.text  # noqa: B018
    severe = [one["message"] for one in browser.get_log("browser") if one["level"] == "SEVERE"]
    assert [m for m in severe if "responded with a status of 4" not in m] == []


def test_pages_for_staff_keep_the_width(browser: webdriver.Chrome, site: Website) -> None:
    """Hosts, archives and what a job was about are named by others, at any length."""
    for width, height in WIDTHS:
        _size(browser, width, height)
        _sign_in(browser, site)
        for path in _staff_paths():
            browser.get(site.url + path)
            wide = browser.execute_script("return document.documentElement.scrollWidth")
            assert wide <= width, (path, wide)
            with pytest.raises(NoAlertPresentException):
                browser.switch_to.alert.text  # noqa: B018
    browser.delete_all_cookies()


def _click(browser: webdriver.Chrome, selector: str) -> None:
    """Click, and wait for the page that it leads to."""
    page = browser.find_element(By.TAG_NAME, "html")
    browser.find_element(By.CSS_SELECTOR, selector).click()
    # chromedriver may ask the page that is going: "Node with given id does not belong"
    wait = WebDriverWait(browser, 60, ignored_exceptions=[WebDriverException])
    wait.until(staleness_of(page))


def test_search_narrows_in_place(browser: webdriver.Chrome, site: Website) -> None:
    _size(browser, *WIDTHS[1])
    browser.get(f"{site.url}/events")
    browser.execute_script("document.body.dataset.kept = 'yes'")
    box = browser.find_element(By.NAME, "q")
    box.send_keys("state:TX")
    box.submit()
    WebDriverWait(browser, 60).until(lambda b: "q=state" in b.current_url)
    WebDriverWait(browser, 60).until(
        lambda b: "state:TX" in b.find_element(By.CSS_SELECTOR, "#results .asof").text
    )
    assert browser.execute_script("return document.body.dataset.kept") == "yes"
    browser.get(browser.current_url)  # the address alone gives the same page
    assert "state:TX" in browser.find_element(By.CSS_SELECTOR, "#results .asof").text


def test_a_person_signs_in_and_decides_by_clicks(site: Website) -> None:
    browser = _chromium()
    try:
        browser.get(f"{site.url}/login/{site.site.auth.login_token(EDITOR)}")
        _click(browser, "main form button")
        browser.get(f"{site.url}/e/{site.opened[40].id}")
        browser.find_element(By.NAME, "reason").send_keys("the county says otherwise")
        _click(browser, 'button[value="dispute"]')
        assert "the county says otherwise" in browser.find_element(By.CSS_SELECTOR, ".history").text
        assert browser.find_element(By.CSS_SELECTOR, ".banner.disputed")
        _click(browser, ".foot form button")
        browser.get(f"{site.url}/review")
        assert "needs a login" in browser.find_element(By.TAG_NAME, "main").text
    finally:
        browser.quit()


def test_everything_works_without_scripts(site: Website) -> None:
    browser = _chromium(scripts=False)
    try:
        browser.get(site.url)
        box = browser.find_element(By.NAME, "q")
        box.send_keys("state:TX")
        _click(browser, "form.search button")
        assert "state:TX" in browser.find_element(By.CSS_SELECTOR, "#results .asof").text
        _click(browser, ".facets a")
        assert "type:" in browser.find_element(By.CSS_SELECTOR, "#results .asof").text
        _click(browser, ".events .headline a")
        assert browser.find_element(By.ID, "evidence")
        browser.get(f"{site.url}/roster?as_of=2025-04-01")
        assert "120 listed" in browser.find_element(By.CSS_SELECTOR, ".asof").text
    finally:
        browser.quit()
