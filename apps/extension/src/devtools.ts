/** Runs as soon as the developer tools open; the panel is loaded when it is first shown. */
chrome.devtools.panels.create("Sluice", "icon.png", "panel.html")
