// The live table of quotes: hears frames, draws what has changed, says what is old. A plain ES module
// with types in JSDoc and no build. The layout of a frame is shared with widgets/frames.py, the flags
// with widgets/snapshot.py. Every text goes through textContent.

/**
 * @typedef {{symbol: string, name: string, conId: number, currency: string, decimals: number}} Row
 * @typedef {{
 *   get(name: 'rows'): Row[],
 *   on(event: 'msg:custom', callback: (content: unknown, buffers: DataView[]) => void): void,
 *   off(event: 'msg:custom', callback: (content: unknown, buffers: DataView[]) => void): void,
 *   send(content: object): void,
 * }} Model
 * @typedef {{key: string, isDescending: boolean}} Sorting
 * @typedef {{key: string, title: string, hint: string, isNumber: boolean}} Column
 */

export const NUMBERS_A_ROW = 12;
const [BID, ASK, LAST, CLOSE, VOLUME, BID_SIZE, ASK_SIZE, HIGH, LOW, AGE, FLAGS] = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
];

/** Half of the frames that the kernel lets be under way; see widgets/frames.py. */
export const ACKNOWLEDGE_EVERY = 10;

/** The kernel sends every row once a second, so this long without a frame means that it cannot. */
export const SILENT_SECONDS = 5;

/** While nothing comes, the kernel is asked anew: the network may have been away, and not it. */
const HELLO_EVERY_SECONDS = 10;

const TRACE_SECONDS = 60;
const FLASH_MS = 400;

/** Where more rows than this change in one picture none flashes: eyes cannot follow, and drawing is slow. */
const FLASH_ROWS_MAX = 12;
const UNKNOWN = '–';

const STALE = 4;

/** Flag -> why a value must not be taken for the market, the gravest first. */
const WORDS = /** @type {const} */ ([
  [16, 'not connected'],
  [8, 'no data'],
  [STALE, 'stale'],
  [1, 'delayed'],
  [2, 'frozen']
]);

const OLD = STALE | 8 | 16;

/** As the kernel has it; here it also holds when the kernel says nothing any more. */
const STALE_SECONDS = 15;

/** @type {Column[]} */
export const COLUMNS = [
  { key: 'symbol', title: 'Symbol', hint: 'Instrument', isNumber: false },
  { key: 'bid', title: 'Bid', hint: 'Best bid', isNumber: true },
  { key: 'ask', title: 'Ask', hint: 'Best ask', isNumber: true },
  { key: 'last', title: 'Last', hint: 'Last trade', isNumber: true },
  { key: 'change', title: 'Change', hint: 'Last less the previous close', isNumber: true },
  { key: 'percent', title: '%', hint: 'Change in percent of the previous close', isNumber: true },
  { key: 'volume', title: 'Volume', hint: 'Traded in this session', isNumber: true },
  { key: 'age', title: 'Age', hint: 'Time since the newest tick', isNumber: false },
  { key: 'trace', title: '1 min', hint: 'Last prices of the past minute', isNumber: false }
];

/**
 * Return the rows of a frame; what does not fit is no frame.
 * @param {unknown} content
 * @param {DataView | undefined} buffer
 * @returns {{seq: number, isAnswer: boolean, rows: Float64Array[]} | null}
 */
export function parseFrame(content, buffer) {
  const { type, seq, rows, answer } = /** @type {Record<string, unknown>} */ (content ?? {});
  if (type !== 'frame' || typeof seq !== 'number' || typeof rows !== 'number') {
    return null;
  }
  const bytes = rows * NUMBERS_A_ROW * Float64Array.BYTES_PER_ELEMENT;
  if (buffer === undefined || buffer.byteLength !== bytes) {
    return null;
  }
  // A copy, because the buffer may not begin at a multiple of eight.
  const start = buffer.byteOffset;
  const numbers = new Float64Array(buffer.buffer.slice(start, start + bytes));
  const places = Array.from({ length: rows }, (_, place) => place * NUMBERS_A_ROW);
  return {
    seq,
    isAnswer: answer === true,
    rows: places.map(place => numbers.subarray(place, place + NUMBERS_A_ROW))
  };
}

/** @type {Map<number, Intl.NumberFormat>} */
const formatByDecimals = new Map();

/** @param {number} value @param {number} decimals @returns {string} */
export function priceText(value, decimals) {
  if (!Number.isFinite(value)) {
    return UNKNOWN;
  }
  let format = formatByDecimals.get(decimals);
  if (format === undefined) {
    format = new Intl.NumberFormat('en-US', {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals
    });
    formatByDecimals.set(decimals, format);
  }
  return format.format(value);
}

/**
 * Return a change with its sign, so that direction is not told by colour alone.
 * @param {number} value
 * @param {number} decimals
 * @returns {string}
 */
export function changeText(value, decimals) {
  const text = priceText(Math.abs(value), decimals);
  const isZero = !/[1-9]/.test(text);
  return isZero ? text : `${value < 0 ? '−' : '+'}${text}`;
}

/** @param {number} value @returns {string} */
export function volumeText(value) {
  const units = /** @type {const} */ ([
    [1e9, 'B'],
    [1e6, 'M'],
    [1e4, 'K']
  ]);
  const [size, letter] = units.find(([least]) => value >= least) ?? [1, ''];
  if (size === 1) {
    return priceText(value, 0);
  }
  const unit = letter === 'K' ? 1e3 : size;
  return `${priceText(value / unit, unit === 1e3 ? 1 : 2)}${letter}`;
}

/**
 * Return how old a row is, and why it must not be taken for the market.
 * @param {number} age seconds; NaN before the first tick
 * @param {number} flags
 * @returns {string}
 */
export function ageText(age, flags) {
  const words = WORDS.filter(([flag]) => (flags & flag) !== 0).map(([, word]) => word);
  if (!Number.isFinite(age)) {
    return words[0] ?? 'no data';
  }
  const [size, unit] = age < 120 ? [1, 's'] : age < 7200 ? [60, 'min'] : [3600, 'h'];
  return [words.join(', '), `${Math.floor(Math.max(age, 0) / size)} ${unit}`].join(' ').trim();
}

/**
 * Return the figures of a row that columns show and sort by.
 * @param {Float64Array} values
 * @returns {Record<string, number>}
 */
export function figures(values) {
  const at = (/** @type {number} */ place) => values[place] ?? Number.NaN;
  const change = at(LAST) - at(CLOSE);
  return {
    bid: at(BID),
    ask: at(ASK),
    last: at(LAST),
    change,
    percent: (change / at(CLOSE)) * 100,
    volume: at(VOLUME),
    age: at(AGE)
  };
}

/**
 * Return row numbers in the order of a column; without one, in that of the watchlist. Unknown is last.
 * @param {readonly Row[]} rows
 * @param {readonly Float64Array[]} values
 * @param {Sorting | null} sorting
 * @returns {number[]}
 */
export function sorted(rows, values, sorting) {
  const order = rows.map((_, index) => index);
  if (sorting === null) {
    return order;
  }
  const sign = sorting.isDescending ? -1 : 1;
  if (sorting.key === 'symbol') {
    const symbol = (/** @type {number} */ index) => rows[index]?.symbol ?? '';
    return order.sort((a, b) => sign * symbol(a).localeCompare(symbol(b)));
  }
  const keys = values.map(row => figures(row)[sorting.key] ?? Number.NaN);
  const key = (/** @type {number} */ index) => {
    const value = keys[index] ?? Number.NaN;
    return Number.isNaN(value) ? Number.POSITIVE_INFINITY : sign * value;
  };
  return order.sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    return left === right ? a - b : left - right;
  });
}

/**
 * Return the points of a line through `prices`, newest at the right end, in a box of the given size.
 * @param {readonly number[]} prices
 * @param {number} width
 * @param {number} height
 * @returns {string}
 */
export function tracePoints(prices, width, height) {
  const low = Math.min(...prices);
  const span = Math.max(...prices) - low;
  const step = width / (TRACE_SECONDS - 1);
  return prices
    .map((price, place) => {
      const x = width - (prices.length - 1 - place) * step;
      const y = span === 0 ? height / 2 : height - ((price - low) / span) * height;
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
}

/** What one table knows in one page: the newest values, shared by all of its views. */
export class Quotes {
  /** @param {Model} model @param {() => number} clock milliseconds, monotonic */
  constructor(model, clock = () => performance.now()) {
    this.model = model;
    this.clock = clock;
    this.page = crypto.getRandomValues(new Uint32Array(4)).join('-');
    this.rows = model.get('rows');
    /** @type {Float64Array[]} */
    this.values = this.rows.map(() => new Float64Array(NUMBERS_A_ROW).fill(Number.NaN));
    this.traces = this.rows.map(() => /** @type {number[]} */ ([]));
    this.receivedAt = this.rows.map(() => Number.NaN);
    /** @type {Set<View>} */
    this.views = new Set();
    this.unacknowledged = 0;
    this.heardAt = clock();
    this.askedAt = clock();
    this.ticking = 0;
    this.hear = this.hear.bind(this);
    this.leave = this.leave.bind(this);
    model.on('msg:custom', this.hear);
    window.addEventListener('pagehide', this.leave);
  }

  /** Seconds since the session has sent something. */
  get silence() {
    return (this.clock() - this.heardAt) / 1000;
  }

  /** @param {number} index @returns {number} seconds since the newest tick, NaN before the first */
  age(index) {
    const age = this.values[index]?.[AGE] ?? Number.NaN;
    return age + (this.clock() - (this.receivedAt[index] ?? Number.NaN)) / 1000;
  }

  /** @param {View} view */
  open(view) {
    this.views.add(view);
    if (this.ticking === 0) {
      this.ticking = window.setInterval(() => this.tick(), 1000);
    }
    this.heardAt = this.clock();
    this.ask();
  }

  /** @param {View} view */
  close(view) {
    this.views.delete(view);
    if (this.views.size === 0) {
      window.clearInterval(this.ticking);
      this.ticking = 0;
    }
    this.send({ type: 'views', views: this.views.size });
  }

  dispose() {
    window.clearInterval(this.ticking);
    window.removeEventListener('pagehide', this.leave);
    this.model.off('msg:custom', this.hear);
  }

  /** Ask for everything. */
  ask() {
    this.askedAt = this.clock();
    this.unacknowledged = 0;
    this.send({ type: 'hello', views: this.views.size });
  }

  /** Give the market data lines back when the page goes. */
  leave() {
    if (this.views.size > 0) {
      this.send({ type: 'views', views: 0 });
    }
  }

  /** @param {unknown} content @param {DataView[]} buffers */
  hear(content, buffers) {
    const frame = parseFrame(content, buffers?.[0]);
    if (frame === null) {
      return;
    }
    const now = this.clock();
    if (!frame.isAnswer) {
      // An answer shows that the kernel lives, but not that quotes do.
      this.heardAt = now;
    }
    /** @type {number[]} */
    const changed = [];
    for (const row of frame.rows) {
      const index = row[0] ?? -1;
      if (index in this.values) {
        this.values[index] = row;
        this.receivedAt[index] = now;
        changed.push(index);
      }
    }
    // What was heard is acknowledged, drawn or not: a hidden page draws nothing and must not stop the road.
    this.unacknowledged += 1;
    if (this.unacknowledged >= ACKNOWLEDGE_EVERY) {
      this.unacknowledged = 0;
      this.send({ type: 'ack', seq: frame.seq });
    }
    for (const view of this.views) {
      view.change(changed);
    }
  }

  /** Once a second: let ages grow, take a point of each trace, and ask a kernel that is silent. */
  tick() {
    const now = this.clock();
    if (this.silence < SILENT_SECONDS) {
      this.values.forEach((values, index) => {
        const { last, bid, ask } = figures(values);
        const price = Number.isFinite(last) ? last : (Number(bid) + Number(ask)) / 2;
        const trace = this.traces[index];
        if (Number.isFinite(price) && trace !== undefined) {
          trace.push(Number(price));
          trace.splice(0, trace.length - TRACE_SECONDS);
        }
      });
    } else if (now - this.askedAt >= HELLO_EVERY_SECONDS * 1000) {
      this.ask();
    }
    for (const view of this.views) {
      view.tick();
    }
  }

  /** @param {{type: string, [key: string]: unknown}} content */
  send(content) {
    try {
      this.model.send({ ...content, page: this.page });
    } catch {
      // The kernel has gone, and with it the comm. The table says how long nothing has come.
    }
  }
}

/** One row as it is drawn. */
class Line {
  /** @param {Row} row */
  constructor(row) {
    this.row = row;
    this.element = document.createElement('tr');
    this.element.dataset.symbol = row.symbol;
    /** @type {Record<string, HTMLElement>} */
    this.cells = {};
    /** @type {Record<string, number>} */
    this.flashedAt = {};
    for (const { key, isNumber } of COLUMNS) {
      const cell = document.createElement(key === 'symbol' ? 'th' : 'td');
      cell.dataset.column = key;
      cell.classList.toggle('edgerunner-number', isNumber);
      cell.textContent = isNumber ? UNKNOWN : '';
      this.cells[key] = cell;
      this.element.append(cell);
    }
    this.cell('symbol').setAttribute('scope', 'row');
    this.cell('symbol').textContent = row.symbol;
    this.cell('symbol').title = [row.name, row.currency].filter(Boolean).join(', ');
    this.trace = svg('svg', { viewBox: '0 -2 80 20', width: '80', height: '18', role: 'img' });
    this.polyline = svg('polyline', {});
    this.trace.append(this.polyline);
    this.cell('trace').append(this.trace);
  }

  /** @param {string} key @returns {HTMLElement} */
  cell(key) {
    return /** @type {HTMLElement} */ (this.cells[key]);
  }

  /** @param {Float64Array} values @param {boolean} mayFlash @param {number} now */
  draw(values, mayFlash, now) {
    const { decimals } = this.row;
    const { bid, ask, last, change, percent, volume } = figures(values);
    for (const [key, price] of Object.entries({ bid, ask, last })) {
      const cell = this.cell(key);
      const before = cell.textContent;
      const isNew = this.write(key, priceText(Number(price), decimals));
      if (isNew && mayFlash && before !== UNKNOWN) {
        this.flash(key, now);
      }
    }
    this.write('change', changeText(Number(change), decimals));
    this.write('percent', changeText(Number(percent), 2));
    this.write('volume', volumeText(Number(volume)));
    const text = this.cell('change').textContent ?? '';
    const direction = text.startsWith('+') ? 'up' : text.startsWith('−') ? 'down' : 'none';
    for (const key of ['change', 'percent']) {
      this.cell(key).dataset.direction = direction;
    }
  }

  /** Tell more where the pointer rests. @param {Float64Array} values */
  hint(values) {
    const { decimals } = this.row;
    const price = (/** @type {number} */ place) => priceText(values[place] ?? Number.NaN, decimals);
    const size = (/** @type {number} */ place) => priceText(values[place] ?? Number.NaN, 0);
    this.cell('bid').title = `Bid size ${size(BID_SIZE)}`;
    this.cell('ask').title = `Ask size ${size(ASK_SIZE)}`;
    this.cell('last').title = `High ${price(HIGH)}, low ${price(LOW)}`;
    this.cell('change').title = `Previous close ${price(CLOSE)}`;
    this.cell('volume').title = size(VOLUME);
  }

  /** @param {number} age @param {number} flags @param {boolean} isSilent */
  drawAge(age, flags, isSilent) {
    this.write('age', ageText(age, flags));
    this.element.classList.toggle('edgerunner-old', isSilent || (flags & OLD) !== 0);
  }

  /** @param {readonly number[]} prices */
  drawTrace(prices) {
    const { symbol, decimals } = this.row;
    this.polyline.setAttribute('points', tracePoints(prices, 80, 16));
    const range = [Math.min(...prices), Math.max(...prices)].map(price =>
      priceText(price, decimals)
    );
    const label = `${symbol}, past minute: low ${range[0]}, high ${range[1]}`;
    this.trace.setAttribute('aria-label', label);
  }

  /** @param {string} key @param {string} text @returns {boolean} whether it is another one */
  write(key, text) {
    const cell = this.cell(key);
    if (cell.textContent === text) {
      return false;
    }
    cell.textContent = text;
    return true;
  }

  /** @param {string} key @param {number} now */
  flash(key, now) {
    // One flash at a time a cell, so that a cell that always changes does not look like one that never does.
    if (now - (this.flashedAt[key] ?? Number.NEGATIVE_INFINITY) < FLASH_MS) {
      return;
    }
    this.flashedAt[key] = now;
    const colour = 'var(--edgerunner-flash)';
    this.cell(key).animate?.(
      [{ backgroundColor: colour }, { backgroundColor: 'transparent' }],
      FLASH_MS
    );
  }
}

/** One table in the page. */
export class View {
  /** @param {Quotes} quotes @param {HTMLElement} parent */
  constructor(quotes, parent) {
    this.quotes = quotes;
    this.lines = quotes.rows.map(row => new Line(row));
    /** @type {Sorting | null} */
    this.sorting = null;
    /** @type {Set<number>} */
    this.dirty = new Set();
    this.painting = 0;
    this.reducedMotion = window.matchMedia('(prefers-reduced-motion: reduce)');
    /** @type {Map<string, HTMLElement>} */
    this.headings = new Map();
    this.element = document.createElement('table');
    this.element.className = 'edgerunner-quotes';
    this.element.dataset.testid = 'edgerunner-quotes';
    this.element.setAttribute('aria-label', 'Live quotes');
    this.notice = this.element.createCaption();
    this.notice.setAttribute('role', 'status');
    this.notice.hidden = true;
    this.element.createTHead().append(this.head());
    this.body = this.element.createTBody();
    this.body.append(...this.lines.map(line => line.element));
    this.lines.forEach((line, index) => {
      line.element.addEventListener('pointerenter', () => {
        line.hint(quotes.values[index] ?? new Float64Array());
      });
    });
    parent.append(this.element);
    quotes.open(this);
    this.change(quotes.rows.keys());
    this.tick();
  }

  head() {
    const line = document.createElement('tr');
    for (const { key, title, hint, isNumber } of COLUMNS) {
      const heading = document.createElement('th');
      heading.scope = 'col';
      heading.title = hint;
      heading.classList.toggle('edgerunner-number', isNumber);
      if (key === 'trace') {
        heading.textContent = title;
      } else {
        const button = document.createElement('button');
        button.type = 'button';
        button.textContent = title;
        button.setAttribute('aria-label', hint);
        button.addEventListener('click', () => this.sortBy(key));
        heading.append(button);
        this.headings.set(key, heading);
      }
      line.append(heading);
    }
    return line;
  }

  /** Sort by a column; again: the other way round; once more: as the watchlist. @param {string} key */
  sortBy(key) {
    const isDescendingFirst = key !== 'symbol';
    if (this.sorting?.key !== key) {
      this.sorting = { key, isDescending: isDescendingFirst };
    } else if (this.sorting.isDescending === isDescendingFirst) {
      this.sorting = { key, isDescending: !isDescendingFirst };
    } else {
      this.sorting = null;
    }
    for (const [name, heading] of this.headings) {
      if (this.sorting?.key === name) {
        heading.setAttribute('aria-sort', this.sorting.isDescending ? 'descending' : 'ascending');
      } else {
        heading.removeAttribute('aria-sort');
      }
    }
    this.arrange();
  }

  arrange() {
    const order = sorted(this.quotes.rows, this.quotes.values, this.sorting);
    order.forEach((index, place) => {
      const element = this.lines[index]?.element;
      const there = this.body.children[place] ?? null;
      if (element !== undefined && element !== there) {
        this.body.insertBefore(element, there);
      }
    });
  }

  /** Take notice of rows whose values are new; they are drawn with the next picture. @param {Iterable<number>} indexes */
  change(indexes) {
    for (const index of indexes) {
      this.dirty.add(index);
    }
    if (this.painting === 0) {
      this.painting = requestAnimationFrame(() => this.paint());
    }
  }

  paint() {
    this.painting = 0;
    const now = this.quotes.clock();
    const mayFlash = this.dirty.size <= FLASH_ROWS_MAX && !this.reducedMotion.matches;
    for (const index of this.dirty) {
      const values = this.quotes.values[index];
      if (values !== undefined) {
        this.lines[index]?.draw(values, mayFlash, now);
        this.drawAge(index);
      }
    }
    this.dirty.clear();
  }

  /** Draw what changes by itself, once a second; rows also change places no oftener, so that eyes can follow. */
  tick() {
    const silence = this.quotes.silence;
    this.notice.hidden = silence < SILENT_SECONDS;
    this.notice.textContent = this.notice.hidden
      ? ''
      : `No updates for ${ageText(silence, 0)}: the kernel is busy, restarted or gone, or the session has ended.`;
    this.lines.forEach((line, index) => {
      const trace = this.quotes.traces[index];
      this.drawAge(index);
      if (trace !== undefined && trace.length > 1) {
        line.drawTrace(trace);
      }
    });
    if (this.sorting !== null) {
      this.arrange();
    }
  }

  /** @param {number} index */
  drawAge(index) {
    const age = this.quotes.age(index);
    const flags = (this.quotes.values[index]?.[FLAGS] ?? 0) | (age > STALE_SECONDS ? STALE : 0);
    const isSilent = this.quotes.silence >= SILENT_SECONDS;
    this.lines[index]?.drawAge(age, flags, isSilent);
  }

  dispose() {
    cancelAnimationFrame(this.painting);
    this.quotes.close(this);
    this.element.remove();
  }
}

/** @param {string} name @param {Record<string, string>} attributes @returns {SVGElement} */
function svg(name, attributes) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  return element;
}

/** Anywidget calls this once a table and page. */
export default () => {
  /** @type {Quotes | null} */
  let quotes = null;
  return {
    /** @param {{model: Model}} context @returns {() => void} */
    initialize({ model }) {
      quotes = new Quotes(model);
      return () => quotes?.dispose();
    },
    /** @param {{el: HTMLElement}} context @returns {() => void} */
    render({ el }) {
      const view = quotes === null ? null : new View(quotes, el);
      return () => view?.dispose();
    }
  };
};
