'use strict';

const { strict } = require('./strict.js');

/**
 * What a person sees: the menu that was added and the sidebar that is open.
 */
class Screen {
  constructor() {
    /** @type {{[menu: string]: [string, string][]}} caption → its entries and what they call */
    this.menus = {};
    this.sidebar = '';
    this.title = '';
    this.active = '';
  }

  /**
   * @returns {GoogleAppsScript.Base.Ui}
   */
  ui() {
    return strict('Ui', {
      createMenu: (/** @type {string} */ caption) => this.menu(caption),
      showSidebar: (/** @type {GoogleAppsScript.HTML.HtmlOutput} */ page) => {
        this.sidebar = page.getContent();
        this.title = page.getTitle();
      },
    });
  }

  /**
   * @param {string} caption
   * @returns {GoogleAppsScript.Base.Menu}
   */
  menu(caption) {
    /** @type {[string, string][]} */
    const entries = [];
    /** @type {GoogleAppsScript.Base.Menu} */
    const self = strict('Menu', {
      addItem: (/** @type {string} */ name, /** @type {string} */ calls) => {
        entries.push([name, calls]);
        return self;
      },
      addSeparator: () => self,
      addToUi: () => {
        this.menus[caption] = entries;
      },
    });
    return self;
  }
}

module.exports = { Screen };
