/**
 * Submitting, one at a time in a sheet.
 */

const LOCK_MILLISECONDS = 5000;

/**
 * @param {string} title
 * @returns {Submitted}
 * @throws {Problem}
 */
function submit_(title) {
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
    return settings_().way === 'github' ? dispatch_(title) : submitToHub_(title);
  } finally {
    lock.releaseLock();
  }
}

/**
 * @param {string} title
 * @returns {Submitted}
 */
function submitToHub_(title) {
  const body = { spreadsheet: SpreadsheetApp.getActiveSpreadsheet().getId() };
  const answer = hub_('post', '/v1/submissions', title ? { ...body, title } : body);
  return { way: 'hub', id: answer.id, address: '' };
}
