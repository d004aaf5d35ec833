/**
 * What the sidebar's page may call. Names that end in _ are out of its reach: Apps Script does not offer them.
 */

/**
 * What the sidebar needs at its start: who, where, what is wrong in the sheet, how the last submission stands.
 */
function openSidebar() {
  return answer_(() => {
    const settings = settings_();
    const person = Session.getEffectiveUser().getEmail();
    const spreadsheet = SpreadsheetApp.getActiveSpreadsheet().getId();
    return { person, spreadsheet, settings, hasToken: hasToken_(), checks: checkSheet_() };
  });
}

/** How the sheet and its last submission stand. */
function readSheetStatus() {
  return answer_(() => {
    if (settings_().way === 'github') return { last_submission: newestAsked_() || null };
    return hub_('get', `/v1/sheets/${SpreadsheetApp.getActiveSpreadsheet().getId()}`);
  });
}

/** What a submission would propose; nothing is written anywhere. */
function previewChanges() {
  return answer_(() => {
    SpreadsheetApp.flush();
    return hub_('post', '/v1/previews', { spreadsheet: SpreadsheetApp.getActiveSpreadsheet().getId() });
  });
}

/** What can be seen without leaving the sheet. */
function checkSheet() {
  return answer_(() => checkSheet_());
}

/**
 * @param {string} title empty for a title made from the changes
 * @param {string} [click] the page's name for this press of the button
 */
function submitChanges(title, click) {
  const line = String(title || '').replace(/\s+/g, ' ').trim().slice(0, 200);
  const name = /^[\w-]{16,64}$/.test(String(click)) ? String(click) : Utilities.getUuid();
  return answer_(() => submit_(line, name));
}

/**
 * @param {string} id
 */
function readSubmission(id) {
  return answer_(() => {
    if (settings_().way === 'github') return readAnswer_(String(id));
    return hub_('get', `/v1/submissions/${encodeURIComponent(String(id))}`);
  });
}

/**
 * @param {string} cell `Factors!D7`
 */
function jumpTo(cell) {
  return answer_(() => jump_(String(cell)));
}

/**
 * @param {Settings} given
 */
function saveSettings(given) {
  return answer_(() => keepSettings_(given));
}

/**
 * @param {string} token a fine-grained token of GitHub, or nothing to forget the one that is kept
 */
function saveToken(token) {
  return answer_(() => keepToken_(String(token || '').trim()));
}

/** What whoever runs the hub asks for. */
function readIdentityFacts() {
  return answer_(() => identityFacts_());
}
