/**
 * Addresses of cells: `Factors!D7`, `'My tab'!B2:B16`.
 */

/**
 * @param {string} cell
 * @returns {string} the address that is selected now
 * @throws {Problem}
 */
function jump_(cell) {
  const found = /^(?:'((?:[^']|'')+)'|([^!']+))!(\$?[A-Z]{1,3}\$?\d{1,8}(?::\$?[A-Z]{1,3}\$?\d{1,8})?)$/.exec(cell);
  if (!found) throw problem_('This is no cell.', `“${cell.slice(0, 80)}”`);
  const title = found[1] ? found[1].replace(/''/g, "'") : found[2];
  const sheet = SpreadsheetApp.getActiveSpreadsheet().getSheetByName(title);
  if (!sheet) throw problem_(`The tab ${title} is no longer there.`, '', 'Bring it back with Edit, Undo or from the version history.');
  return sheet.getRange(found[3]).activate().getA1Notation();
}

/**
 * @param {number} column from 1
 * @returns {string} `A`, `Z`, `AA`
 */
function letters_(column) {
  let text = '';
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    text = String.fromCharCode(65 + ((rest - 1) % 26)) + text;
  }
  return text;
}

/**
 * @param {string} tab
 * @param {number} row from 1
 * @param {number} column from 1
 */
function address_(tab, row, column) {
  const quoted = /^[A-Za-z_][\w.]*$/.test(tab) ? tab : `'${tab.replace(/'/g, "''")}'`;
  return `${quoted}!${letters_(column)}${row}`;
}
