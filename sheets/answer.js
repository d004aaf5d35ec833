/**
 * How a submission without a hub stands. The workflow `sheet submit` leaves its answer in the spreadsheet's developer
 * metadata, and the write-back after the merge leaves there what is in force and how far it got. Who keeps a token of
 * GitHub's here that may read pull requests sees approvals too, and all of it sooner.
 */

const ASKED_KEY = 'mergecells.asked';
const ANSWER_KEY = 'mergecells.answer';
const SUBMITTED_KEY = 'mergecells.submitted';
const LIVE_KEY = 'mergecells.live';
const ANSWER_MINUTES = 20;
const STATUS_STATES = { SUCCESS: 'live', PENDING: 'releasing', EXPECTED: 'releasing', FAILURE: 'stuck', ERROR: 'stuck' };

const PULL_QUERY = `query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    state headRefOid
    reviews(last: 100, states: [APPROVED]) { nodes { commit { oid } author { login ... on User { name } } } }
    mergeCommit { oid statusCheckRollup { contexts(first: 50) { nodes {
      ... on StatusContext { __typename context state description createdAt }
    } } } }
  } }
}`;

/**
 * Remember that the workflow was asked, for everybody who opens the sidebar.
 *
 * @param {string} click
 * @param {string} title
 */
function noteAsked_(click, title) {
  const mail = Session.getEffectiveUser().getEmail();
  const asked = { id: click, state: 'queued', title, author: `${mail.split('@')[0]} <${mail}>`, created_at: new Date().toISOString() };
  PropertiesService.getDocumentProperties().setProperty(ASKED_KEY, JSON.stringify(asked));
}

/**
 * @returns {string} the newest submission of the sheet, empty before the first
 */
function newestAsked_() {
  const asked = asked_();
  return (asked && asked.id) || (answered_() || { id: '' }).id;
}

/**
 * @param {string} id
 * @returns {Submission} as the hub would tell it
 */
function readAnswer_(id) {
  const [asked, answer] = [asked_(), answered_()];
  if (answer && (answer.id === id || !asked || asked.id !== id)) return withFate_(answer);
  return waiting_(asked || { id, state: 'queued', title: '', author: '', created_at: new Date().toISOString() });
}

/**
 * @returns {Submission | null}
 */
function asked_() {
  return kept_(PropertiesService.getDocumentProperties().getProperty(ASKED_KEY));
}

/**
 * @returns {Submission | null}
 */
function answered_() {
  return kept_(remembered_(ANSWER_KEY));
}

/**
 * @param {string | null} text
 * @returns {Submission | null} null for nothing, and for what somebody wrote there by hand
 */
function kept_(text) {
  const told = parsed_(text || 'null');
  return told && typeof told.id === 'string' && typeof told.state === 'string' ? told : null;
}

/**
 * @param {Submission} asked
 * @returns {Submission}
 */
function waiting_(asked) {
  const late = Date.now() - Date.parse(asked.created_at) > ANSWER_MINUTES * 60000;
  const address = `https://github.com/${settings_().repository}/actions/workflows/sheet-submit.yml`;
  const progress = [{ step: 'queued', at: asked.created_at, done: late }];
  const message = late ? `The workflow gave no answer within ${ANSWER_MINUTES} minutes. Its run says why.` : '';
  const state = late ? 'failed' : 'queued';
  return { ...asked, state, settled: late, final: late, message, progress, address };
}

/**
 * @param {Submission} told the workflow's answer
 * @returns {Submission} with what became of the proposal since
 */
function withFate_(told) {
  const number = Number(told.pull_request && told.pull_request.number);
  if (!number) return { ...told, pull_request: null };
  // Every editor can change what the sheet remembers: where a link leads is not read from there.
  const pull = { ...told.pull_request, number, url: pullAddress_(number) };
  const known = { ...told, pull_request: pull };
  return told.state === 'proposed' ? { ...known, ...(fateInSheet_(known) || fateAtGitHub_(known) || {}) } : known;
}

/**
 * @param {Submission} told
 * @returns {object | null} merged and live, when the write-back has been here since
 */
function fateInSheet_(told) {
  const waits = remembered_(SUBMITTED_KEY).split(/[\s,]+/).some((pair) => pair.endsWith(`:${told.proposal}`));
  if (waits || !told.proposal) return null;
  const words = remembered_(LIVE_KEY);
  const merged = { ...told.pull_request, state: 'merged' };
  const [revision] = words.split(' ');
  const live = live_(words.slice(revision.length + 1), '');
  if (!live) return { state: 'merged', settled: true, final: !words, pull_request: merged, revision: revision || told.base };
  const state = live.live === live.services ? 'live' : 'stuck';
  return { state, settled: true, final: state === 'live', pull_request: merged, revision, live };
}

/**
 * @param {Submission} told
 * @returns {object | null} null where this person's token cannot tell
 */
function fateAtGitHub_(told) {
  const pull = pullAtGitHub_(told.pull_request.number);
  if (!pull) return null;
  if (pull.state === 'CLOSED') return { state: 'refused', final: true, pull_request: { ...told.pull_request, state: 'closed' } };
  if (pull.state === 'MERGED') return mergedAtGitHub_(told, pull.mergeCommit);
  const standing = pull.reviews.nodes.filter((/** @type {any} */ each) => each.commit && each.commit.oid === pull.headRefOid);
  const names = standing.map((/** @type {any} */ each) => (each.author && (each.author.name || each.author.login)) || 'somebody');
  const approved_by = names.filter((/** @type {string} */ name, /** @type {number} */ at) => names.indexOf(name) === at);
  return names.length ? { state: 'approved', pull_request: { ...told.pull_request, approved_by } } : {};
}

/**
 * @param {Submission} told
 * @param {any} commit
 */
function mergedAtGitHub_(told, commit) {
  const rollup = commit && commit.statusCheckRollup;
  const contexts = (rollup && rollup.contexts.nodes) || [];
  const status = contexts.find((/** @type {any} */ each) => String(each.context || '').startsWith('mergecells/live'));
  /** @type {any} */
  const merged = { state: 'merged', pull_request: { ...told.pull_request, state: 'merged' }, revision: commit ? commit.oid : null };
  if (!status) return merged;
  /** @type {{[state: string]: string}} */
  const states = STATUS_STATES;
  const state = states[status.state] || 'releasing';
  return { ...merged, state, final: state === 'live', live: live_(String(status.description || ''), status.createdAt) };
}

/**
 * @param {number} number
 * @returns {any} the pull request, null where it cannot be read
 */
function pullAtGitHub_(number) {
  const token = PropertiesService.getUserProperties().getProperty(TOKEN_KEY);
  const [owner, name] = settings_().repository.split('/');
  if (!token || !name) return null;
  const body = utf8_(JSON.stringify({ query: PULL_QUERY, variables: { owner, name, number } }));
  const answer = send_(GITHUB, 'post', '/graphql', body, githubHeaders_(token));
  const found = answer.status === 200 && answer.json && answer.json.data && answer.json.data.repository;
  return (found && found.pullRequest) || null;
}

/**
 * @param {string} words `live on 2 of 3 services since 14:02 UTC; the way back is #7`
 * @param {string} since when they were said, where they do not name the day
 */
function live_(words, since) {
  const counts = /live on (\d+) of (\d+)/.exec(words);
  if (!counts) return null;
  const day = /since (\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC/.exec(words);
  const back = /the way back is #(\d+)/.exec(words);
  return {
    live: Number(counts[1]), services: Number(counts[2]), words, stragglers: [],
    since: day ? `${day[1]}T${day[2]}:00Z` : (counts[1] === counts[2] && since) || null,
    rollback: back ? { number: Number(back[1]), url: pullAddress_(Number(back[1])) } : null,
  };
}

/**
 * @param {number} number
 */
function pullAddress_(number) {
  return `https://github.com/${settings_().repository}/pull/${number}`;
}
