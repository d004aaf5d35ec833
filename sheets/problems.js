/**
 * What went wrong, as a value that the sidebar can show: what, details, what to do next. Never a token, never a stack.
 */

/**
 * @param {string} title
 * @param {string} [detail]
 * @param {string} [hint]
 * @param {number} [status] of the HTTP answer, 0 when there was none
 * @returns {Problem}
 */
function problem_(title, detail, hint, status) {
  return { isProblem: true, title, detail: detail || '', hint: hint || '', status: status || 0 };
}

/**
 * Run what the sidebar asked for. Whatever is thrown becomes an answer in words.
 *
 * @template T
 * @param {() => T} work
 * @returns {Answer<T>}
 */
function answer_(work) {
  try {
    return { ok: true, value: work() };
  } catch (thrown) {
    const error = /** @type {any} */ (thrown);
    if (error && error.isProblem) return { ok: false, problem: error };
    console.error(`mergecells: ${error && error.name}`);
    return { ok: false, problem: unexpected_(String((error && error.message) || '')) };
  }
}

/**
 * @param {string} message of an exception of Apps Script
 * @returns {Problem}
 */
function unexpected_(message) {
  if (/permission|authoriz/i.test(message)) {
    return problem_(
      'mergecells may not do this yet.',
      'Google asks each person once for permission.',
      'Choose mergecells, Submit to CI… in the menu and allow it. If nothing is asked, reload the page.'
    );
  }
  return problem_('Something unexpected went wrong in the sheet.', message.slice(0, 300), 'Reload the page and try again.');
}

/**
 * An exception of UrlFetchApp: no answer came at all.
 *
 * @param {string} message
 * @param {string} host
 * @returns {Problem}
 */
function unreachable_(message, host) {
  if (/whitelist|not permitted|not allowed/i.test(message)) {
    return problem_(
      `This script may not talk to ${host}.`,
      'Its list of allowed addresses does not have it.',
      'Ask whoever installed mergecells to add the address to urlFetchWhitelist in appsscript.json and to push it again.'
    );
  }
  return problem_(
    `${host} cannot be reached.`,
    'Your edits are safe in this sheet.',
    'Try again in a minute; nothing is submitted twice. If it stays like this, tell whoever runs it.'
  );
}
