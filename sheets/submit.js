/**
 * Submitting, one at a time in a sheet.
 */

const LOCK_MILLISECONDS = 5000;

/**
 * @param {string} title
 * @param {string} click one for each press of the button: the same one again submits nothing a second time
 * @returns {Submitted}
 * @throws {Problem}
 */
function submit_(title, click) {
  const lock = LockService.getDocumentLock();
  if (!lock.tryLock(LOCK_MILLISECONDS)) {
    throw problem_(
      'Somebody else is submitting from this sheet right now.',
      'Edits of both of you stay as they are.',
      'Try again in a few seconds.'
    );
  }
  try {
    SpreadsheetApp.flush();
    const errors = checkSheet_().filter((each) => each.severity === 'error').length;
    if (errors) {
      const what = errors === 1 ? 'One problem keeps' : `${errors} problems keep`;
      throw problem_(`${what} this from being submitted.`, '', 'Mend what is listed under “Checked in this sheet”.');
    }
    return settings_().way === 'github' ? dispatch_(title, click) : submitToHub_(title, click);
  } finally {
    lock.releaseLock();
  }
}

/**
 * @param {string} title
 * @param {string} click
 * @returns {Submitted}
 */
function submitToHub_(title, click) {
  const body = { spreadsheet: SpreadsheetApp.getActiveSpreadsheet().getId(), request_id: click };
  const answer = hub_('post', '/v1/submissions', title ? { ...body, title } : body);
  return { way: 'hub', id: answer.id, address: '' };
}
