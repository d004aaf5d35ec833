/**
 * The way without a hub: a workflow of the repository is started with a GitHub token of the person who submits. What that
 * costs in security stands in docs/sheet-guide.md. The token lies in this person's user properties, which Google keeps for
 * each person and script; never in the document, whose properties every editor can read.
 */

const GITHUB = 'https://api.github.com';
const EVENT_TYPE = 'mergecells-submit';
const TOKEN_KEY = 'mergecells.github-token';

/**
 * @param {string} title
 * @param {string} click
 * @returns {Submitted}
 * @throws {Problem}
 */
function dispatch_(title, click) {
  const repository = settings_().repository;
  if (!repository) throw problem_('This sheet does not know its repository.', '', 'Enter it in Settings.');
  const token = PropertiesService.getUserProperties().getProperty(TOKEN_KEY);
  if (!token) throw problem_('There is no GitHub token of yours.', '', 'Enter one in Settings; Help says how to make it.');
  const payload = {
    spreadsheet: SpreadsheetApp.getActiveSpreadsheet().getId(),
    title,
    requested_by: Session.getEffectiveUser().getEmail(),
    nonce: click,
  };
  const body = utf8_(JSON.stringify({ event_type: EVENT_TYPE, client_payload: payload }));
  const answer = send_(GITHUB, 'post', `/repos/${repository}/dispatches`, body, githubHeaders_(token));
  if (answer.status !== 204) throw githubProblem_(answer, repository);
  noteAsked_(click, title);
  return { way: 'github', id: click, address: `https://github.com/${repository}/pulls` };
}

/**
 * @param {string} token
 * @returns {{[name: string]: string}}
 */
function githubHeaders_(token) {
  return { Authorization: `Bearer ${token}`, Accept: 'application/vnd.github+json', 'X-GitHub-Api-Version': '2022-11-28' };
}

/**
 * @param {HttpAnswer} answer
 * @param {string} repository
 * @returns {Problem}
 */
function githubProblem_(answer, repository) {
  const told = String((answer.json && answer.json.message) || '').slice(0, 300);
  const [title, hint] = githubWords_(answer.status, repository);
  return problem_(title, told && `GitHub says: ${told}`, hint, answer.status);
}

/**
 * @param {number} status
 * @param {string} repository
 * @returns {[string, string]}
 */
function githubWords_(status, repository) {
  switch (status) {
    case 401:
      return ['GitHub does not accept your token.', 'It expired or was revoked: make a new one and enter it in Settings.'];
    case 403:
    case 429:
      return ['GitHub refuses this for now.', 'The token lacks “Contents: read and write”, or too much was asked for in short time.'];
    case 404:
      return [`GitHub has no ${repository}, or your token may not see it.`, 'Compare the name in Settings, and the token’s repositories.'];
    case 422:
      return ['GitHub did not understand the request.', 'The script in this sheet may be too old: push it again.'];
    default:
      return ['GitHub has a problem of its own.', 'Try again in a minute.'];
  }
}

/**
 * @param {string} token
 * @returns {boolean} whether there is one now
 * @throws {Problem}
 */
function keepToken_(token) {
  const mine = PropertiesService.getUserProperties();
  if (!token) {
    mine.deleteProperty(TOKEN_KEY);
    return false;
  }
  if (!/^[A-Za-z0-9_]{20,255}$/.test(token)) {
    throw problem_('This is no GitHub token.', '', 'A fine-grained token starts with github_pat_.');
  }
  mine.setProperty(TOKEN_KEY, token);
  return true;
}

/**
 * @returns {boolean}
 */
function hasToken_() {
  return Boolean(PropertiesService.getUserProperties().getProperty(TOKEN_KEY));
}
