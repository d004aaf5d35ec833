/**
 * What can be seen at once, in the sheet and without the hub. The checks that decide run after submitting; these spare a
 * person the wait for the most frequent mistakes.
 */

const MOST_PROBLEMS = 50;

/**
 * @returns {SheetProblem[]} errors first; at most MOST_PROBLEMS
 */
function checkSheet_() {
  const tables = readTables_();
  const found = tables.flatMap((table) => [
    ...blankKeys_(table),
    ...doubleKeys_(table),
    ...errorValues_(table),
    ...wrongTypes_(table, tables),
  ]);
  found.push(...weightSums_(tables));
  return [...found.filter(isError_), ...found.filter((each) => !isError_(each))].slice(0, MOST_PROBLEMS);
}

/**
 * @param {SheetProblem} problem
 */
function isError_(problem) {
  return problem.severity === 'error';
}

/**
 * @param {Table} table
 * @param {TableRow} row
 * @param {string} title
 * @param {string} message
 * @param {string} hint
 * @param {'error' | 'warning'} [severity]
 * @returns {SheetProblem}
 */
function seen_(table, row, title, message, hint, severity) {
  const cell = address_(table.tab, row.row, table.columns.indexOf(title) + 1);
  return { severity: severity || 'error', cell, message, hint };
}

/**
 * @param {Table} table
 * @returns {SheetProblem[]}
 */
function blankKeys_(table) {
  const needed = table.keys.filter((key) => !table.optional.includes(key));
  return table.rows.flatMap((row) =>
    needed
      .filter((key) => plain_(at_(table, row, key)) === '')
      .map((key) => seen_(table, row, key, `This row has no ${key}.`, 'Name it, or clear the whole row.'))
  );
}

/**
 * @param {Table} table
 * @returns {SheetProblem[]}
 */
function doubleKeys_(table) {
  /** @type {Map<string, number>} */
  const first = new Map();
  return table.rows.flatMap((row) => {
    const names = table.keys.map((key) => plain_(at_(table, row, key)));
    const key = JSON.stringify(names);
    if (names[0] === '') return [];
    const earlier = first.get(key);
    if (earlier === undefined) {
      first.set(key, row.row);
      return [];
    }
    const last = table.keys[table.keys.length - 1];
    const name = String(at_(table, row, last)) || String(at_(table, row, table.keys[0]));
    const message = `“${name}” stands in row ${earlier} already.`;
    return [seen_(table, row, last, message, 'Rename one of them. Upper and lower case make no difference.')];
  });
}
