"""Scripts for one of Firefox's own pages, where they may do what its menus do."""

import json

from harness.engines.engine import SHOW_FRAMES

__all__ = [
    "FRAME_IN_RESTORED_TAB",
    "OWN_PAGE",
    "PIN_TAB",
    "QUIT",
    "RESTART",
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

RESTORE_SESSION = """async () => {
  const {SessionStore} = ChromeUtils.importESModule(
    'resource:///modules/sessionstore/SessionStore.sys.mjs');
  if (!SessionStore.canRestoreLastSession) { return false; }
  const restored = new Promise(resolve => Services.obs.addObserver(function done() {
    Services.obs.removeObserver(done, 'sessionstore-last-session-cleared');
    resolve();
  }, 'sessionstore-last-session-cleared'));
  SessionStore.restoreLastSession();
  await restored;
  return true;
}"""


QUIT = """() => {
  const own = [...Services.wm.getEnumerator('navigator:browser')].filter(
    window => window.gBrowser.currentURI.spec.startsWith('OWN_PAGE'));
  Services.tm.dispatchToMainThread(() => {
    own.forEach(window => window.close());
    Services.startup.quit(Ci.nsIAppStartup.eAttemptQuit);
  });
}""".replace("OWN_PAGE", f"{OWN_PAGE}?")
"""Without the window that the script runs in: it is not one that the person had open."""

RESTART = "eAttemptQuit | Ci.nsIAppStartup.eRestart"

PIN_TAB = """address => {
  for (const window of Services.wm.getEnumerator('navigator:browser')) {
    const tab = window.gBrowser?.selectedTab;
    if (tab?.linkedBrowser.currentURI.spec === address) {
      window.gBrowser.pinTab(tab);
      return true;
    }
  }
  return false;
}"""

FRAME_IN_RESTORED_TAB = """async addresses => {
  const site = new URL(addresses[0]).hostname.split('.').slice(-2).join('.');
  for (const window of Services.wm.getEnumerator('navigator:browser')) {
    const browser = window.gBrowser.selectedBrowser;
    const tab = window.gBrowser.selectedTab;
    if (browser.currentURI.schemeIs('http') && browser.currentURI.host.endsWith('.' + site)) {
      while (tab.hasAttribute('busy') || tab.hasAttribute('pending')
          || browser.webProgress.isLoadingDocument) {
        await new Promise(resolve => window.setTimeout(resolve, 20));
      }
      const script = '(' + SHOW_FRAMES + ')(content, ' + JSON.stringify(addresses) + ')';
      browser.messageManager.loadFrameScript('data:,' + encodeURIComponent(script), false);
      return true;
    }
  }
  return false;
}""".replace("SHOW_FRAMES", json.dumps(SHOW_FRAMES))
