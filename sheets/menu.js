/**
 * The menu and the sidebar that its entries open.
 *
 * @OnlyCurrentDoc
 */

/** Apps Script calls this whenever the spreadsheet is opened. It may do nothing that needs a permission. */
function onOpen() {
  SpreadsheetApp.getUi()
    .createMenu('mergecells')
    .addItem('Submit to CI…', 'submitToCi')
    .addItem('What changed', 'showChanges')
    .addItem('Check this sheet', 'checkThisSheet')
    .addSeparator()
    .addItem('Settings', 'showSettings')
    .addItem('Help', 'showHelp')
    .addToUi();
}

/** The menu's first entry, and the function to assign to a drawing that serves as a button in the sheet. */
function submitToCi() {
  showSidebar_('submit');
}

function showChanges() {
  showSidebar_('changes');
}

function checkThisSheet() {
  showSidebar_('checks');
}

function showSettings() {
  showSidebar_('settings');
}

function showHelp() {
  showSidebar_('help');
}

/**
 * @param {string} view what the sidebar shows first
 */
function showSidebar_(view) {
  const template = HtmlService.createTemplateFromFile('sidebar');
  template.view = view;
  SpreadsheetApp.getUi().showSidebar(template.evaluate().setTitle('mergecells'));
}

/**
 * A part of the page, as it is.
 *
 * @param {string} name
 */
function include_(name) {
  return HtmlService.createHtmlOutputFromFile(name).getContent();
}
