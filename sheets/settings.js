/**
 * Where submissions go. `mergecells init --google` leaves the addresses in the spreadsheet's developer metadata; what is
 * typed in Settings is kept in the document's properties and comes first. Neither is a secret.
 */

const HUB_KEY = 'mergecells.hub';
const REPOSITORY_KEY = 'mergecells.repository';
const WAY_KEY = 'mergecells.way';

/**
 * @returns {Settings}
 */
function settings_() {
  const typed = PropertiesService.getDocumentProperties().getProperties();
  const hub = typed[HUB_KEY] || remembered_(HUB_KEY);
  const repository = typed[REPOSITORY_KEY] || remembered_(REPOSITORY_KEY);
  const way = typed[WAY_KEY] === 'github' || (!hub && repository) ? 'github' : 'hub';
  return { way, hub, repository };
}

/**
 * @param {string} key
 * @returns {string} the spreadsheet's own metadata of that key, empty when there is none
 */
function remembered_(key) {
  const found = SpreadsheetApp.getActiveSpreadsheet().createDeveloperMetadataFinder().withKey(key).find();
  return (found.length && found[0].getValue()) || '';
}

/**
 * @param {Settings} given
 * @returns {Settings} as they are from now on
 * @throws {Problem}
 */
function keepSettings_(given) {
  const kept = {
    [HUB_KEY]: given.hub ? hubAddress_(given.hub) : '',
    [REPOSITORY_KEY]: given.repository ? repositoryName_(given.repository) : '',
    [WAY_KEY]: given.way === 'github' ? 'github' : 'hub',
  };
  PropertiesService.getDocumentProperties().setProperties(kept);
  return settings_();
}

/**
 * @param {string} text
 * @returns {string} the address without a slash at its end
 * @throws {Problem}
 */
function hubAddress_(text) {
  const address = String(text).trim().replace(/\/+$/, '');
  if (!/^https:\/\/[A-Za-z0-9.-]+(:\d+)?(\/[\w./-]*)?$/.test(address)) {
    throw problem_('This is no address of a hub.', `“${address.slice(0, 80)}”`, 'It looks like https://hub.your-company.com');
  }
  return address;
}

/**
 * @param {string} text OWNER/NAME, or the repository's address
 * @returns {string} OWNER/NAME
 * @throws {Problem}
 */
function repositoryName_(text) {
  const name = String(text).trim().replace(/^https:\/\/github\.com\//, '').replace(/(\.git)?\/*$/, '');
  if (!/^[\w.-]+\/[\w.-]+$/.test(name)) {
    throw problem_('This is no repository.', `“${name.slice(0, 80)}”`, 'It looks like your-company/lead-rules');
  }
  return name;
}
