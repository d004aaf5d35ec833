/**
 * Values: errors that a cell shows, and numbers, truth values and dates where they belong.
 */

const ERROR_WORDS = new Map([
  ['#ERROR!', ['This formula cannot be read.', 'Look for a missing bracket, quote or comma.']],
  ['#NAME?', ['This formula uses a name that the workbook does not have.', 'Compare the spelling; the Lead tab lists the fields.']],
  ['#REF!', ['This formula points to a cell that is gone.', 'Undo the deletion, or write the formula anew.']],
  ['#DIV/0!', ['This formula divides by zero.', 'Ask for zero first, with IF.']],
  ['#VALUE!', ['This formula computes with a text where a number is needed.', 'Compare the types of its fields in the Lead tab.']],
  ['#N/A', ['This formula finds nothing.', 'Add the missing row, or say with IFERROR what holds then.']],
  ['#NUM!', ['This formula gives a number that does not exist.', 'Look at the bounds of its numbers.']],
  ['#NULL!', ['This formula joins ranges that do not meet.', 'Put a comma between them.']],
]);

const NUMBER_COLUMNS = new Map([
  ['components', ['weight']],
  ['factors', ['weight']],
  ['vertical', ['weight']],
  ['tiers', ['min']],
  ['examples', ['score']],
]);

const LIKE_A_NUMBER = /^[-+]?\d{1,3}([., ']?\d{3})*([.,]\d+)?\s*%?$|^[-+]?\d+([.,]\d+)?\s*%?$/;

/**
 * @param {Table} table
 * @returns {SheetProblem[]}
 */
function errorValues_(table) {
  return table.rows.flatMap((row) =>
    table.columns.flatMap((title, column) => {
      const words = table.computed.includes(title) ? undefined : ERROR_WORDS.get(String(row.values[column]));
      return words ? [seen_(table, row, title, `${row.values[column]} ${words[0]}`, words[1])] : [];
    })
  );
}

/**
 * @param {Table} table
 * @param {Table[]} tables
 * @returns {SheetProblem[]}
 */
function wrongTypes_(table, tables) {
  const numbers = NUMBER_COLUMNS.get(table.kind) || [];
  const found = table.rows.flatMap((row) => numbers.flatMap((title) => wrongNumber_(table, row, title)));
  if (table.kind === 'lead') return [...found, ...table.rows.flatMap((row) => wrongSample_(table, row))];
  if (table.kind === 'examples') return [...found, ...wrongFields_(table, tables)];
  return [...found, ...formulasAsText_(table)];
}

/**
 * @param {Table} table
 * @param {TableRow} row
 * @param {string} title
 * @returns {SheetProblem[]}
 */
function wrongNumber_(table, row, title) {
  const value = at_(table, row, title);
  const needed = table.kind === 'components' || table.kind === 'factors' || table.kind === 'tiers';
  if (value === '') return needed ? [seen_(table, row, title, `This row has no ${title}.`, 'Type a number.')] : [];
  if (typeof value !== 'number') return notANumber_(table, row, title, value);
  if (title !== 'weight' || (value >= 0 && value <= 1)) return [];
  return [seen_(table, row, title, `A weight lies between 0 and 1; this is ${value}.`, 'Type 0.25 or 25%.')];
}

/**
 * @param {Table} table
 * @param {TableRow} row
 * @param {string} title
 * @param {unknown} value
 * @returns {SheetProblem[]} nothing for an error value, which is told elsewhere
 */
function notANumber_(table, row, title, value) {
  if (ERROR_WORDS.has(String(value))) return [];
  const shown = String(value).slice(0, 40);
  if (LIKE_A_NUMBER.test(shown.trim())) {
    const hint = 'Type it again with a decimal point and without an apostrophe; check that Format, Number is not Plain text.';
    return [seen_(table, row, title, `“${shown}” looks like a number but is a text.`, hint)];
  }
  return [seen_(table, row, title, `“${shown}” is no number.`, 'Type a number.')];
}

/**
 * @param {Table} table
 * @returns {SheetProblem[]} a formula that was typed into a cell of the format Plain text computes nothing
 */
function formulasAsText_(table) {
  return table.rows.flatMap((row) => {
    const value = String(at_(table, row, 'formula'));
    const column = table.columns.indexOf('formula');
    if (column < 0 || row.formulas[column] || !value.startsWith('=')) return [];
    const hint = 'Choose Format, Number, Automatic for the cell, then type the formula again.';
    return [seen_(table, row, 'formula', 'This formula stands there as a text and computes nothing.', hint, 'warning')];
  });
}

/**
 * @param {Table} table the Lead tab
 * @param {TableRow} row
 * @returns {SheetProblem[]}
 */
function wrongSample_(table, row) {
  return wrongType_(table, row, 'sample', plain_(at_(table, row, 'type')));
}

/**
 * @param {Table} table the Examples tab
 * @param {Table[]} tables
 * @returns {SheetProblem[]}
 */
function wrongFields_(table, tables) {
  const leads = tables.filter((each) => each.kind === 'lead');
  const types = new Map(
    leads.flatMap((lead) => lead.rows.map((row) => /** @type {[string, string]} */ ([plain_(at_(lead, row, 'field')), plain_(at_(lead, row, 'type'))])))
  );
  const fields = table.columns.filter((title) => types.has(title));
  return table.rows.flatMap((row) => fields.flatMap((title) => wrongType_(table, row, title, types.get(title) || '')));
}

/**
 * @param {Table} table
 * @param {TableRow} row
 * @param {string} title
 * @param {string} type of the field
 * @returns {SheetProblem[]}
 */
function wrongType_(table, row, title, type) {
  const value = at_(table, row, title);
  if (value === '' || type === 'text' || ERROR_WORDS.has(String(value))) return [];
  if (type === 'number' && typeof value !== 'number') return notANumber_(table, row, title, value);
  if (type === 'boolean' && typeof value !== 'boolean') {
    return [seen_(table, row, title, `“${String(value).slice(0, 40)}” is neither TRUE nor FALSE.`, 'Type TRUE or FALSE.')];
  }
  if (type === 'date' && Object.prototype.toString.call(value) !== '[object Date]') {
    return [seen_(table, row, title, `“${String(value).slice(0, 40)}” is no date.`, 'Choose Format, Number, Date, then type it again.')];
  }
  return [];
}
