// The live table of quotes: draws frames, sorts, marks what is old. Plain ES module, typed by JSDoc, no build.
// The layout of a frame is shared with widgets/frames.py. Every text goes through textContent.

/**
 * @typedef {{symbol: string, name: string, currency: string, decimals: number}} Row
 * @typedef {{type: "frame", seq: number, rows: number}} FrameHeader
 * @typedef {{
 *   get(name: "rows"): Row[],
 *   on(event: string, callback: (...args: any[]) => void): void,
 *   off(event: string, callback: (...args: any[]) => void): void,
 *   send(content: object): void,
 * }} Model
 * @typedef {{key: string, title: string, isNumber: boolean}} Column
 */

export const NUMBERS_A_ROW = 12;
export const ACKNOWLEDGE_EVERY = 5;
const TRACE_POINTS = 60;
const FLASH_MS = 500;
const [BID, ASK, LAST, CLOSE, VOLUME, , , , , AGE, FLAGS] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const DELAYED = 1;
const FROZEN = 2;
const STALE = 4;
const NO_DATA = 8;
const NOT_CONNECTED = 16;

/** @type {Column[]} */
export const COLUMNS = [
  { key: "symbol", title: "Symbol", isNumber: false },
  { key: "bid", title: "Bid", isNumber: true },
  { key: "ask", title: "Ask", isNumber: true },
  { key: "last", title: "Last", isNumber: true },
  { key: "change", title: "Change", isNumber: true },
  { key: "percent", title: "%", isNumber: true },
  { key: "volume", title: "Volume", isNumber: true },
  { key: "age", title: "Age", isNumber: true },
  { key: "trace", title: "Trace", isNumber: false },
];

/**
 * Returns the rows of a frame as views of its numbers; what does not fit is no frame.
 * @param {FrameHeader} header
 * @param {DataView} buffer
 * @returns {Float64Array[]}
 */
export function rowsOf(header, buffer) {
  const bytes = header.rows * NUMBERS_A_ROW * 8;
  if (!Number.isInteger(header.rows) || buffer.byteLength !== bytes) return [];
  // A copy: the buffer may not begin at a multiple of eight.
  const copy = new Uint8Array(bytes);
  copy.set(new Uint8Array(buffer.buffer, buffer.byteOffset, bytes));
  const numbers = new Float64Array(copy.buffer);
  return Array.from({ length: header.rows }, (_, i) =>
    numbers.subarray(i * NUMBERS_A_ROW, (i + 1) * NUMBERS_A_ROW),
  );
}

/** @param {number} value @param {number} decimals @returns {string} */
export function priceText(value, decimals) {
  if (Number.isNaN(value)) return "–";
  return value.toLocaleString("en-US", {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}

/** @param {number} value @param {number} decimals @returns {string} */
export function changeText(value, decimals) {
  if (Number.isNaN(value)) return "–";
  const arrow = value > 0 ? "▲" : value < 0 ? "▼" : "◆";
  return `${arrow} ${priceText(Math.abs(value), decimals)}`;
}

/** @param {number} value @returns {string} */
export function percentText(value) {
  if (!Number.isFinite(value)) return "–";
  return `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)} %`;
}

/** @param {number} value @returns {string} */
export function volumeText(value) {
  if (Number.isNaN(value)) return "–";
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)}B`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)}M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(1)}k`;
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/**
 * Returns the age in words, and why a value must not be taken for the market.
 * @param {number} age seconds
 * @param {number} flags
 * @returns {string}
 */
export function ageText(age, flags) {
  if (flags & NOT_CONNECTED) return "not connected";
  if (flags & NO_DATA || Number.isNaN(age)) return "no data";
  const text =
    age < 1 ? "now" : age < 120 ? `${Math.floor(age)} s` : `${Math.floor(age / 60)} min`;
  if (flags & STALE) return `stale ${text}`;
  if (flags & DELAYED) return `delayed ${text}`;
  if (flags & FROZEN) return `frozen ${text}`;
  return text;
}

/**
 * Returns what a row is sorted by in a column; NaN sorts last.
 * @param {Row} row
 * @param {Float64Array} values
 * @param {string} key
 * @returns {number | string}
 */
export function sortKey(row, values, key) {
  const change = (values[LAST] ?? NaN) - (values[CLOSE] ?? NaN);
  /** @type {Record<string, number | string>} */
  const keys = {
    symbol: row.symbol,
    bid: values[BID] ?? NaN,
    ask: values[ASK] ?? NaN,
    last: values[LAST] ?? NaN,
    change,
    percent: change / (values[CLOSE] ?? NaN),
    volume: values[VOLUME] ?? NaN,
    age: values[AGE] ?? NaN,
  };
  return keys[key] ?? row.symbol;
}

/**
 * Returns row numbers in the order of a column; without one, in the order of the watchlist.
 * @param {Row[]} rows
 * @param {Float64Array[]} values
 * @param {{key: string, isDescending: boolean} | null} sorting
 * @returns {number[]}
 */
export function sorted(rows, values, sorting) {
  const order = rows.map((_, index) => index);
  if (sorting === null) return order;
  const keyed = order.map((index) => ({
    index,
    key: sortKey(/** @type {Row} */ (rows[index]), /** @type {Float64Array} */ (values[index]), sorting.key),
  }));
  const sign = sorting.isDescending ? -1 : 1;
  keyed.sort((a, b) => {
    if (typeof a.key === "string" || typeof b.key === "string")
      return sign * String(a.key).localeCompare(String(b.key));
    if (Number.isNaN(a.key)) return Number.isNaN(b.key) ? a.index - b.index : 1;
    if (Number.isNaN(b.key)) return -1;
    return sign * (a.key - b.key) || a.index - b.index;
  });
  return keyed.map((entry) => entry.index);
}

/** The last values of one row, drawn as a line. */
class Trace {
  constructor() {
    /** @type {number[]} */
    this.points = [];
  }

  /** @param {number} value */
  add(value) {
    if (Number.isNaN(value) || this.points.at(-1) === value) return false;
    this.points.push(value);
    if (this.points.length > TRACE_POINTS) this.points.shift();
    return true;
  }

  /** @param {HTMLCanvasElement} canvas @param {string} color */
  draw(canvas, color) {
    const context = canvas.getContext("2d");
    if (context === null || this.points.length < 2) return;
    const { width, height } = canvas;
    const low = Math.min(...this.points);
    const span = Math.max(...this.points) - low || 1;
    context.clearRect(0, 0, width, height);
    context.strokeStyle = color;
    context.lineWidth = 1.5;
    context.beginPath();
    this.points.forEach((point, i) => {
      const x = (i / (TRACE_POINTS - 1)) * (width - 2) + 1;
      const y = height - 2 - ((point - low) / span) * (height - 4);
      if (i === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    });
    context.stroke();
  }
}

/** One table in the page. */
class Table {
  /** @param {Model} model @param {HTMLElement} element */
  constructor(model, element) {
    this.model = model;
    this.rows = model.get("rows");
    this.values = this.rows.map(() => new Float64Array(NUMBERS_A_ROW).fill(NaN));
    this.receivedAt = this.rows.map(() => performance.now());
    this.traces = this.rows.map(() => new Trace());
    /** @type {{key: string, isDescending: boolean} | null} */
    this.sorting = null;
    /** @type {Set<number>} */
    this.dirty = new Set();
    this.painting = 0;
    this.unacknowledged = 0;
    /** @type {HTMLTableCellElement[]} */
    this.headings = [];
    /** @type {Record<string, HTMLElement>[]} */
    this.cells = [];
    /** @type {HTMLTableRowElement[]} */
    this.lines = [];
    this.body = document.createElement("tbody");
    this.element = this.build(element);
    this.color = "currentColor";
    this.clock = window.setInterval(() => this.grow(), 1000);
    this.hear = this.hear.bind(this);
    model.on("msg:custom", this.hear);
  }

  /** @param {HTMLElement} element */
  build(element) {
    const table = document.createElement("table");
    table.className = "edgerunner-quotes";
    table.dataset["testid"] = "edgerunner-quotes";
    table.setAttribute("aria-label", "Live quotes");
    const head = table.createTHead().insertRow();
    for (const column of COLUMNS) {
      const cell = document.createElement("th");
      cell.scope = "col";
      if (column.isNumber) cell.className = "number";
      if (column.key === "trace") {
        cell.textContent = column.title;
      } else {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = column.title;
        button.addEventListener("click", () => this.sortBy(column.key));
        cell.append(button);
      }
      head.append(cell);
      this.headings.push(cell);
    }
    this.rows.forEach((row, index) => {
      this.addLine(row, index);
    });
    table.append(this.body);
    element.append(table);
    return table;
  }

  /** @param {Row} row @param {number} index */
  addLine(row, index) {
    const line = document.createElement("tr");
    line.dataset["symbol"] = row.symbol;
    /** @type {Record<string, HTMLElement>} */
    const cells = {};
    for (const column of COLUMNS) {
      const cell = document.createElement(column.key === "symbol" ? "th" : "td");
      if (column.isNumber) cell.className = "number";
      cell.dataset["column"] = column.key;
      if (column.key === "symbol") {
        cell.setAttribute("scope", "row");
        cell.textContent = row.symbol;
        cell.title = `${row.name} · ${row.currency}`;
      } else if (column.key === "trace") {
        const canvas = document.createElement("canvas");
        canvas.width = 120;
        canvas.height = 24;
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", `last prices of ${row.symbol}`);
        cell.append(canvas);
        cells["canvas"] = canvas;
      } else {
        cell.textContent = "–";
      }
      cells[column.key] = cell;
      line.append(cell);
    }
    this.cells[index] = cells;
    this.lines[index] = line;
    this.body.append(line);
  }

  /** @param {string} key */
  sortBy(key) {
    const current = this.sorting;
    if (current?.key !== key) this.sorting = { key, isDescending: key !== "symbol" };
    else if (current.isDescending === (key !== "symbol"))
      this.sorting = { key, isDescending: !current.isDescending };
    else this.sorting = null;
    this.headings.forEach((heading, i) => {
      const isSorted = this.sorting !== null && COLUMNS[i]?.key === this.sorting.key;
      if (isSorted)
        heading.setAttribute("aria-sort", this.sorting?.isDescending ? "descending" : "ascending");
      else heading.removeAttribute("aria-sort");
    });
    this.arrange();
  }

  arrange() {
    const order = sorted(this.rows, this.values, this.sorting);
    order.forEach((index, place) => {
      const line = /** @type {HTMLTableRowElement} */ (this.lines[index]);
      if (this.body.children[place] !== line) this.body.insertBefore(line, this.body.children[place] ?? null);
    });
  }

  /** @param {FrameHeader} header @param {DataView[]} buffers */
  hear(header, buffers) {
    const buffer = buffers?.[0];
    if (header?.type !== "frame" || buffer === undefined) return;
    const now = performance.now();
    for (const row of rowsOf(header, buffer)) {
      const index = row[0] ?? -1;
      if (!(index in this.values)) continue;
      this.values[index] = row;
      this.receivedAt[index] = now;
      this.dirty.add(index);
    }
    // Heard is acknowledged, drawn or not: a hidden tab draws nothing and must not stop the road.
    this.unacknowledged += 1;
    if (this.unacknowledged >= ACKNOWLEDGE_EVERY) {
      this.unacknowledged = 0;
      this.model.send({ type: "ack", seq: header.seq });
    }
    if (this.painting === 0) this.painting = requestAnimationFrame(() => this.paint());
  }

  paint() {
    this.painting = 0;
    this.color = getComputedStyle(this.element).getPropertyValue("--edgerunner-trace").trim() || "currentColor";
    for (const index of this.dirty) this.paintRow(index);
    this.dirty.clear();
    if (this.sorting !== null) this.arrange();
  }

  /** @param {number} index */
  paintRow(index) {
    const row = /** @type {Row} */ (this.rows[index]);
    const values = /** @type {Float64Array} */ (this.values[index]);
    const change = (values[LAST] ?? NaN) - (values[CLOSE] ?? NaN);
    this.set(index, "bid", priceText(values[BID] ?? NaN, row.decimals), true);
    this.set(index, "ask", priceText(values[ASK] ?? NaN, row.decimals), true);
    this.set(index, "last", priceText(values[LAST] ?? NaN, row.decimals), true);
    this.set(index, "change", changeText(change, row.decimals), false);
    this.set(index, "percent", percentText((change / (values[CLOSE] ?? NaN)) * 100), false);
    this.set(index, "volume", volumeText(values[VOLUME] ?? NaN), false);
    const direction = change > 0 ? "up" : change < 0 ? "down" : "";
    for (const key of ["change", "percent"]) {
      const cell = this.cells[index]?.[key];
      if (cell !== undefined) cell.dataset["direction"] = direction;
    }
    const middle = ((values[BID] ?? NaN) + (values[ASK] ?? NaN)) / 2;
    const value = Number.isNaN(values[LAST] ?? NaN) ? middle : (values[LAST] ?? NaN);
    const canvas = this.cells[index]?.["canvas"];
    if (this.traces[index]?.add(value) && canvas instanceof HTMLCanvasElement)
      this.traces[index]?.draw(canvas, this.color);
    this.paintAge(index, performance.now());
  }

  /** @param {number} index @param {number} now */
  paintAge(index, now) {
    const values = /** @type {Float64Array} */ (this.values[index]);
    const age = (values[AGE] ?? NaN) + (now - (this.receivedAt[index] ?? now)) / 1000;
    const flags = values[FLAGS] ?? NO_DATA;
    this.set(index, "age", ageText(age, flags), false);
    const line = this.lines[index];
    if (line !== undefined) line.classList.toggle("old", (flags & (STALE | NO_DATA | NOT_CONNECTED)) !== 0);
  }

  /** @param {number} index @param {string} key @param {string} text @param {boolean} flashes */
  set(index, key, text, flashes) {
    const cell = this.cells[index]?.[key];
    if (cell === undefined || cell.textContent === text) return;
    const before = cell.textContent;
    cell.textContent = text;
    if (!flashes || before === "–") return;
    cell.animate?.([{ backgroundColor: "var(--edgerunner-flash)" }, { backgroundColor: "transparent" }], {
      duration: window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : FLASH_MS,
    });
  }

  grow() {
    const now = performance.now();
    this.rows.forEach((_, index) => {
      if (!Number.isNaN(this.values[index]?.[FLAGS] ?? NaN)) this.paintAge(index, now);
    });
  }

  remove() {
    this.model.off("msg:custom", this.hear);
    window.clearInterval(this.clock);
    if (this.painting !== 0) cancelAnimationFrame(this.painting);
    this.element.remove();
  }
}

/** @type {WeakMap<Model, number>} */
const viewsByModel = new WeakMap();

/** @param {Model} model @param {number} step */
function countViews(model, step) {
  const count = (viewsByModel.get(model) ?? 0) + step;
  viewsByModel.set(model, count);
  model.send({ type: "views", count });
}

/** @param {{model: Model, el: HTMLElement}} context @returns {() => void} */
function render({ model, el }) {
  const table = new Table(model, el);
  countViews(model, 1);
  model.send({ type: "hello" });
  return () => {
    table.remove();
    countViews(model, -1);
  };
}

export default { render };
