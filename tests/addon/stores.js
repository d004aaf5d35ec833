'use strict';

const { strict } = require('./strict.js');

/**
 * What Apps Script keeps between executions: caches and properties, for each person or for the document, and the lock.
 */
class Stores {
  constructor() {
    /** @type {Map<string, Map<string, {value: string, until: number}>>} */
    this.caches = new Map();
    /** @type {Map<string, Map<string, string>>} */
    this.properties = new Map();
    this.lockedByAnother = false;
    this.locked = false;
  }

  /**
   * @param {string} person
   * @returns {GoogleAppsScript.Cache.CacheService}
   */
  cacheService(person) {
    const held = this.caches.get(person) || new Map();
    this.caches.set(person, held);
    return strict('CacheService', { getUserCache: () => makeCache(held) });
  }

  /**
   * @param {string} person
   * @returns {GoogleAppsScript.Properties.PropertiesService}
   */
  propertiesService(person) {
    return strict('PropertiesService', {
      getDocumentProperties: () => makeProperties(this.propertiesOf('the document')),
      getUserProperties: () => makeProperties(this.propertiesOf(person)),
    });
  }

  /** @param {string} owner */
  propertiesOf(owner) {
    const held = this.properties.get(owner) || new Map();
    this.properties.set(owner, held);
    return held;
  }

  /**
   * @returns {GoogleAppsScript.Lock.LockService}
   */
  lockService() {
    return strict('LockService', {
      getDocumentLock: () =>
        strict('Lock', {
          tryLock: (/** @type {number} */ milliseconds) => {
            if (!Number.isInteger(milliseconds)) throw new Error('tryLock needs a whole number');
            if (this.lockedByAnother) return false;
            this.locked = true;
            return true;
          },
          releaseLock: () => {
            this.locked = false;
          },
        }),
    });
  }
}

/**
 * Limits as in "CacheService": keys of 250 characters, values of 100 KB, six hours.
 *
 * @param {Map<string, {value: string, until: number}>} held
 * @returns {GoogleAppsScript.Cache.Cache}
 */
function makeCache(held) {
  return strict('Cache', {
    get: (/** @type {string} */ key) => {
      const found = held.get(key);
      return found && found.until > Date.now() ? found.value : null;
    },
    put: (/** @type {string} */ key, /** @type {string} */ value, /** @type {number} */ seconds = 600) => {
      if (typeof value !== 'string' || key.length > 250 || value.length > 100_000) throw new Error('Argument too large');
      if (!(seconds >= 1 && seconds <= 21_600)) throw new Error('Argument out of range: expirationInSeconds');
      held.set(key, { value, until: Date.now() + seconds * 1000 });
    },
    remove: (/** @type {string} */ key) => {
      held.delete(key);
    },
  });
}

/**
 * Limits as in "Quotas for Google services": 9 KB a value.
 *
 * @param {Map<string, string>} held
 * @returns {GoogleAppsScript.Properties.Properties}
 */
function makeProperties(held) {
  /** @type {GoogleAppsScript.Properties.Properties} */
  const self = strict('Properties', {
    getProperty: (/** @type {string} */ key) => held.get(key) ?? null,
    getProperties: () => Object.fromEntries(held),
    setProperty: (/** @type {string} */ key, /** @type {string} */ value) => {
      if (typeof value !== 'string' || value.length > 9_000) throw new Error('Argument too large: value');
      held.set(key, value);
      return self;
    },
    setProperties: (/** @type {{[key: string]: string}} */ values) => {
      for (const [key, value] of Object.entries(values)) self.setProperty(key, value);
      return self;
    },
    deleteProperty: (/** @type {string} */ key) => {
      held.delete(key);
      return self;
    },
  });
  return self;
}

module.exports = { Stores };
