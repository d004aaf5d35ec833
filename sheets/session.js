/**
 * Signing in at the hub. Google says who is at the keyboard with an identity token; the hub checks it and gives a session
 * with a key that signs every later request. The key stays in this person's own cache: no other editor of the sheet can
 * read it, and it is never in the document, in a log or in the page.
 */

const LONGEST_CACHE_SECONDS = 21600;

/**
 * @param {string} hub
 * @returns {Session} the one at hand, or a new one
 * @throws {Problem}
 */
function session_(hub) {
  const held = CacheService.getUserCache().get(sessionPlace_(hub));
  return held ? JSON.parse(held) : newSession_(hub);
}

/**
 * @param {string} hub
 * @returns {Session}
 * @throws {Problem}
 */
function newSession_(hub) {
  let answer = signIn_(hub);
  if (problemType_(answer) === 'identity-expired') answer = signIn_(hub);
  if (answer.status !== 201) throw hubProblem_(answer, hub);
  const session = { session: answer.json.session, key: answer.json.key, email: answer.json.email };
  const seconds = Math.floor((Date.parse(answer.json.expires_at) - Date.now()) / 1000) - 60;
  if (seconds > 0) {
    const text = JSON.stringify(session);
    CacheService.getUserCache().put(sessionPlace_(hub), text, Math.min(seconds, LONGEST_CACHE_SECONDS));
  }
  return session;
}

/**
 * @param {string} hub
 * @returns {HttpAnswer}
 * @throws {Problem}
 */
function signIn_(hub) {
  const token = ScriptApp.getIdentityToken();
  if (!token) throw unexpected_('authorization');
  const body = JSON.stringify({ spreadsheet: SpreadsheetApp.getActiveSpreadsheet().getId() });
  return send_(hub, 'post', '/v1/sessions', utf8_(body), { Authorization: `Bearer ${token}` });
}

/**
 * @param {string} hub
 */
function forgetSession_(hub) {
  CacheService.getUserCache().remove(sessionPlace_(hub));
}

/**
 * @param {string} hub
 */
function sessionPlace_(hub) {
  return `mergecells.session ${SpreadsheetApp.getActiveSpreadsheet().getId()} ${hub}`.slice(0, 250);
}

/**
 * What whoever runs the hub must enter in its allow-list. The signature is not looked at: nothing is decided by this.
 *
 * @returns {{audience: string, domain: string}}
 */
function identityFacts_() {
  const parts = (ScriptApp.getIdentityToken() || '').split('.');
  if (parts.length !== 3) return { audience: '', domain: '' };
  const padded = parts[1] + '='.repeat((4 - (parts[1].length % 4)) % 4);
  const bytes = Utilities.base64DecodeWebSafe(padded);
  const claims = JSON.parse(Utilities.newBlob(bytes).getDataAsString('UTF-8'));
  return { audience: String(claims.aud || ''), domain: String(claims.hd || '') };
}
