/**
 * Requests to the hub, and its answers in words.
 */

const PROBLEM_TYPE = 'urn:mergecells:problem:';

/** What a new session mends: the hub was restarted, the session ended, or its key is not what this script remembers. */
const SIGN_IN_AGAIN = ['session-missing', 'session-unknown', 'signature-wrong', 'nonce-replayed', 'sheet-other'];

/**
 * A signed request. When the session has ended, a new one is opened and the request is sent once more.
 *
 * @param {'get' | 'post'} method
 * @param {string} path
 * @param {object} [content]
 * @returns {any} the answer's JSON
 * @throws {Problem}
 */
function hub_(method, path, content) {
  const hub = settings_().hub;
  if (!hub) {
    throw problem_(
      'This sheet does not know its hub yet.',
      'The hub is the service that turns edits into proposals.',
      'Enter its address in Settings; whoever installed mergecells knows it.'
    );
  }
  const body = content ? utf8_(JSON.stringify(content)) : [];
  let answer = send_(hub, method, path, body, signature_(session_(hub), method, path, body));
  if (SIGN_IN_AGAIN.includes(problemType_(answer))) {
    forgetSession_(hub);
    answer = send_(hub, method, path, body, signature_(newSession_(hub), method, path, body));
  }
  if (answer.status >= 300) throw hubProblem_(answer, hub);
  return answer.json;
}

/**
 * @param {string} host an address without a slash at its end
 * @param {'get' | 'post'} method
 * @param {string} path
 * @param {number[]} body
 * @param {{[name: string]: string}} headers
 * @returns {HttpAnswer}
 * @throws {Problem} when no answer came
 */
function send_(host, method, path, body, headers) {
  const options = { method, headers, muteHttpExceptions: true, followRedirects: false };
  const whole = body.length ? { ...options, payload: body, contentType: 'application/json' } : options;
  let response;
  try {
    response = UrlFetchApp.fetch(host + path, whole);
  } catch (error) {
    throw unreachable_(String(/** @type {any} */ (error).message), hostName_(host));
  }
  return { status: response.getResponseCode(), json: parsed_(response.getContentText('UTF-8')), headers: response.getHeaders() };
}

/**
 * @param {HttpAnswer} answer
 * @returns {string} which problem it is, empty when it is none of the hub's
 */
function problemType_(answer) {
  const type = String((answer.json && answer.json.type) || '');
  return type.startsWith(PROBLEM_TYPE) ? type.slice(PROBLEM_TYPE.length) : '';
}

/**
 * @param {string} text
 * @returns {any} null when it is no JSON, as an error page of a proxy is none
 */
function parsed_(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    return null;
  }
}

/**
 * @param {string} address
 */
function hostName_(address) {
  return address.replace(/^https:\/\//, '').replace(/\/.*$/, '');
}

/**
 * @param {HttpAnswer} answer
 * @param {string} hub
 * @returns {Problem}
 */
function hubProblem_(answer, hub) {
  const told = answer.json && typeof answer.json === 'object' ? answer.json : {};
  const detail = String(told.detail || told.title || '').slice(0, 600);
  const [title, hint] = hubWords_(answer.status, hostName_(hub));
  const id = answer.status >= 500 && told.request_id ? ` (request ${String(told.request_id).slice(0, 64)})` : '';
  return problem_(title, detail + id, String(told.hint || '').slice(0, 600) || hint, answer.status);
}

/**
 * @param {number} status
 * @param {string} host
 * @returns {[string, string]} what it means, and what to do unless the hub says something better
 */
function hubWords_(status, host) {
  switch (status) {
    case 400:
    case 422:
      return ['The hub did not understand the request.', 'The script in this sheet may be older than the hub: push it again.'];
    case 401:
      return ['The hub did not accept your sign-in.', 'Reload the page. If it stays like this, show Help to whoever runs the hub.'];
    case 403:
      return ['You may not submit from this sheet.', 'Ask whoever runs the hub to add your address.'];
    case 404:
      return ['The hub does not know this.', 'Compare the hub’s address in Settings; a copy of the sheet is not the sheet.'];
    case 409:
      return ['Something else is going on with this sheet.', 'Wait a moment, then try again.'];
    case 413:
      return ['This is more than the hub takes at once.', 'Submit in smaller steps.'];
    case 429:
      return ['Too many requests at this moment.', 'Wait a minute, then try again.'];
    default:
      return status >= 500
        ? [`${host} has a problem of its own.`, 'Try again in a minute. Nothing was submitted unless you see it above.']
        : [`${host} is no hub, or not at this address.`, 'Compare the hub’s address in Settings.'];
  }
}
