/**
 * Weights: those of the components sum to 1, and those of the factors within each component too.
 */

const WEIGHT_TOLERANCE = 0.005;

/**
 * @param {Table[]} tables
 * @returns {SheetProblem[]}
 */
function weightSums_(tables) {
  return tables.flatMap((table) => {
    if (table.kind === 'components') return weightSum_(table, table.rows, 'The components’ weights');
    if (table.kind !== 'factors') return [];
    const groups = groupsBy_(table, 'component');
    return groups.flatMap((rows) => weightSum_(table, rows, `The weights in ${at_(table, rows[0], 'component')}`));
  });
}

/**
 * @param {Table} table
 * @param {string} title
 * @returns {TableRow[][]} the rows that say the same in that column, blank ones apart
 */
function groupsBy_(table, title) {
  /** @type {Map<string, TableRow[]>} */
  const groups = new Map();
  for (const row of table.rows) {
    const name = plain_(at_(table, row, title));
    if (name) groups.set(name, [...(groups.get(name) || []), row]);
  }
  return [...groups.values()];
}

/**
 * @param {Table} table
 * @param {TableRow[]} rows
 * @param {string} whose
 * @returns {SheetProblem[]} nothing when a weight is no number: that is told elsewhere
 */
function weightSum_(table, rows, whose) {
  const weights = rows.map((row) => at_(table, row, 'weight'));
  if (!rows.length || weights.some((weight) => typeof weight !== 'number')) return [];
  const sum = weights.reduce((/** @type {number} */ total, weight) => total + Number(weight), 0);
  if (Math.abs(sum - 1) <= WEIGHT_TOLERANCE + 1e-9) return [];
  const more = sum > 1 ? 'too much' : 'missing';
  const message = `${whose} sum to ${percent_(sum)}, not to ${percent_(1)}.`;
  return [seen_(table, rows[0], 'weight', message, `${percent_(Math.abs(sum - 1))} ${more}: change one or several of them.`)];
}

/**
 * @param {number} share
 */
function percent_(share) {
  return `${Number((share * 100).toFixed(2))}\u00a0%`;
}
