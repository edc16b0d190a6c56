"""Scripts for one of Firefox's own pages, where they may do what its menus do."""

import json

from harness.engines.engine import SHOW_FRAMES

__all__ = [
    "FRAME_IN_RESTORED_TAB",
    "NOTE_RESTORED_TABS",
    "OWN_PAGE",
    "PIN_TAB",
    "PUT_OFF_RESTORED_TABS",
    "RESTORED_TABS",
    "RESTORE_SESSION",
    "SAVE_SESSION",
]

OWN_PAGE = "chrome://browser/content/blanktab.html"

SAVE_SESSION = """async () => {
  const {SessionSaver} = ChromeUtils.importESModule(
    'resource:///modules/sessionstore/SessionSaver.sys.mjs');
  const {SessionStore} = ChromeUtils.importESModule(
    'resource:///modules/sessionstore/SessionStore.sys.mjs');
  const {TabStateFlusher} = ChromeUtils.importESModule(
    'resource:///modules/sessionstore/TabStateFlusher.sys.mjs');
  // A tab that comes back has no storage until it is loaded, and reports it with a delay.
  await SessionStore.promiseAllWindowsRestored;
  for (const window of Services.wm.getEnumerator('navigator:browser')) {
    const tab = window.gBrowser.selectedTab;
    while (tab.hasAttribute('busy') || tab.hasAttribute('pending')
        || tab.linkedBrowser.webProgress.isLoadingDocument) {
      await new Promise(resolve => window.setTimeout(resolve, 20));
    }
    await TabStateFlusher.flushWindow(window);
  }
  await SessionSaver.run();
}"""

PIN_TAB = """async title => {
  for (let attempt = 0; attempt < 100; attempt++) {
    for (const window of Services.wm.getEnumerator('navigator:browser')) {
      for (const tab of window.gBrowser.tabs) {
        if (tab.linkedBrowser.contentTitle === title) {
          window.gBrowser.pinTab(tab);
          return true;
        }
      }
    }
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  return false;
}"""
"""By title, which is the one thing of a page that a driver can make its own."""

_NOTE = """
const {SessionStore} = ChromeUtils.importESModule(
  'resource:///modules/sessionstore/SessionStore.sys.mjs');
const windowOf = tab => tab.ownerDocument.defaultView;
const allTabs = () => [...Services.wm.getEnumerator('navigator:browser')].flatMap(
  window => [...window.gBrowser.tabs]);
const showsSomething = tab => /^https?:/.test(tab.linkedBrowser.currentURI.spec);
const noted = () => allTabs().filter(tab => tab.afterclose);
const note = () => allTabs().filter(showsSomething).forEach(tab => { tab.afterclose = true; });
"""
"""A note on a tab is kept by Firefox for as long as the tab is there, and written nowhere."""

NOTE_RESTORED_TABS = f"""async () => {{{_NOTE}
  await SessionStore.promiseAllWindowsRestored;
  note();
}}"""

PUT_OFF_RESTORED_TABS = f"""async () => {{{_NOTE}
  await SessionStore.promiseAllWindowsRestored;
  Services.prefs.clearUserPref('browser.sessionstore.restore_tabs_lazily');
  note();
  const there = allTabs().filter(tab => tab.hasAttribute('pending') && tab.linkedPanel);
  for (const tab of there) {{
    const window = windowOf(tab);
    const closed = SessionStore.getClosedTabCount(window);
    const state = SessionStore.getTabState(tab);
    const later = window.gBrowser.addTrustedTab('about:blank', {{
      createLazyBrowser: true, inBackground: true, skipAnimation: true, noInitialLabel: true}});
    SessionStore.setTabState(later, state);
    later.afterclose = true;
    window.gBrowser.moveTabTo(later, {{tabIndex: tab._tPos}});
    window.gBrowser.removeTab(tab, {{animate: false, skipPermitUnload: true}});
    if (SessionStore.getClosedTabCount(window) > closed) {{
      SessionStore.forgetClosedTab(window, 0);
    }}
  }}
  Services.prefs.clearUserPref('browser.sessionstore.interval');
  return there.length;
}}"""
"""What is there is replaced by a tab with the same state that is made when it is looked at. To
discard it would ask it for its storage, of which it has none yet. The session is written again from
then on, fifteen seconds after the last write at the earliest (`SessionSaver.runDelayed`)."""

RESTORE_SESSION = f"""async () => {{{_NOTE}
  if (!SessionStore.canRestoreLastSession) {{ return; }}
  Services.prefs.clearUserPref('browser.sessionstore.restore_tabs_lazily');
  const before = new Set(allTabs());
  const restored = new Promise(resolve => Services.obs.addObserver(function done() {{
    Services.obs.removeObserver(done, 'sessionstore-browser-state-restored');
    resolve();
  }}, 'sessionstore-browser-state-restored'));
  SessionStore.restoreLastSession();
  await restored;
  allTabs().filter(tab => !before.has(tab)).forEach(tab => {{ tab.afterclose = true; }});
}}"""
"""Not over when the last session is cleared: Firefox opens windows meanwhile, and one that is
closed before they are there, as this page's would be, takes everything with it (`state is
undefined`)."""

RESTORED_TABS = f"""() => {{{_NOTE}
  return noted().filter(showsSomething).map(tab => tab.linkedBrowser.currentURI.spec);
}}"""

FRAME_IN_RESTORED_TAB = f"""async (number, addresses) => {{{_NOTE}
  const tab = noted().filter(showsSomething)[number];
  const window = windowOf(tab);
  const {{gBrowser}} = window;
  if (tab.hasAttribute('pending')) {{
    const inFront = gBrowser.selectedTab;
    const restored = new Promise(
      resolve => tab.addEventListener('SSTabRestored', resolve, {{once: true}}));
    gBrowser.selectedTab = tab;
    await restored;
    gBrowser.selectedTab = inFront;
  }}
  while (tab.hasAttribute('busy') || tab.linkedBrowser.webProgress.isLoadingDocument) {{
    await new Promise(resolve => window.setTimeout(resolve, 20));
  }}
  const script = '(' + SHOW_FRAMES + ')(content, ' + JSON.stringify(addresses) + ')';
  tab.linkedBrowser.messageManager.loadFrameScript(
    'data:,' + encodeURIComponent(script), false);
}}""".replace("SHOW_FRAMES", json.dumps(SHOW_FRAMES))
