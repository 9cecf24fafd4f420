import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import factory, {
  ACKNOWLEDGE_EVERY,
  ageText,
  changeText,
  NUMBERS_A_ROW,
  parseFrame,
  priceText,
  SILENT_SECONDS,
  sorted,
  tracePoints,
  volumeText
} from '../../edgerunner_lab/widgets/static/quotes.js';

const ROWS = [
  { symbol: 'SPY', name: 'SPDR S&P 500', conId: 1, currency: 'USD', decimals: 2 },
  { symbol: 'EUR.USD', name: 'Euro', conId: 2, currency: 'USD', decimals: 5 },
  { symbol: 'AAPL', name: '<b>Apple</b>', conId: 3, currency: 'USD', decimals: 2 }
];

type Hear = (content: unknown, buffers: DataView[]) => void;

/** The kernel's side of the widget, which the test plays. */
class FakeModel {
  readonly sent: Record<string, unknown>[] = [];
  readonly listeners = new Set<Hear>();
  isGone = false;

  get(): typeof ROWS {
    return ROWS;
  }

  on(_: 'msg:custom', hear: Hear): void {
    this.listeners.add(hear);
  }

  off(_: 'msg:custom', hear: Hear): void {
    this.listeners.delete(hear);
  }

  send(content: object): void {
    if (this.isGone) {
      throw new Error('Cannot send');
    }
    this.sent.push(content as Record<string, unknown>);
  }

  frame(seq: number, rows: number[][], answer = false): void {
    const content = { type: 'frame', seq, rows: rows.length, answer };
    for (const hear of this.listeners) {
      hear(content, [buffer(rows)]);
    }
  }

  types(): unknown[] {
    return this.sent.map(message => message.type);
  }
}

/** Return a row's numbers; what is not given is unknown. */
function row(index: number, values: Record<string, number> = {}): number[] {
  const names = [
    'bid',
    'ask',
    'last',
    'close',
    'volume',
    'bidSize',
    'askSize',
    'high',
    'low',
    'age'
  ];
  return [index, ...names.map(name => values[name] ?? Number.NaN), values.flags ?? 0];
}

/** Return rows as they arrive: at an odd offset of a larger buffer. */
function buffer(rows: number[][], offset = 3): DataView {
  const numbers = new Float64Array(rows.flat());
  const bytes = new Uint8Array(offset + numbers.byteLength);
  bytes.set(new Uint8Array(numbers.buffer), offset);
  return new DataView(bytes.buffer, offset);
}

describe('a frame', () => {
  test('is read wherever its buffer begins', () => {
    const frame = parseFrame({ type: 'frame', seq: 7, rows: 1 }, buffer([row(2, { bid: 1.5 })]));

    expect(frame?.seq).toBe(7);
    expect(frame?.isAnswer).toBe(false);
    expect([...(frame?.rows[0] ?? [])].slice(0, 2)).toEqual([2, 1.5]);
  });

  test.each([
    ['no content', undefined],
    ['another type', { type: 'order', seq: 1, rows: 1 }],
    ['no number', { type: 'frame', rows: 1 }],
    ['more rows than bytes', { type: 'frame', seq: 1, rows: 2 }],
    ['rows that are no number', { type: 'frame', seq: 1, rows: '1' }],
    ['a part of a row', { type: 'frame', seq: 1, rows: 0.5 }],
    ['negative rows', { type: 'frame', seq: 1, rows: -1 }]
  ])('with %s is none', (_, content) => {
    expect(parseFrame(content, buffer([row(0)]))).toBeNull();
  });

  test('without its buffer is none', () => {
    expect(parseFrame({ type: 'frame', seq: 1, rows: 0 }, undefined)).toBeNull();
  });

  test('has as many numbers a row as the kernel packs', () => {
    expect(row(0)).toHaveLength(NUMBERS_A_ROW);
  });
});

describe('words', () => {
  test.each([
    [1234.5, 2, '1,234.50'],
    [1.08345, 5, '1.08345'],
    [Number.NaN, 2, '–'],
    [Number.POSITIVE_INFINITY, 2, '–'],
    [0, 0, '0']
  ])('the price %d with %d decimals is %s', (value, decimals, text) => {
    expect(priceText(value, decimals)).toBe(text);
  });

  test.each([
    [1.5, '+1.50'],
    [-1.5, '−1.50'],
    [0, '0.00'],
    [-0.001, '0.00'],
    [Number.NaN, '–']
  ])('the change %d has its sign: %s', (value, text) => {
    expect(changeText(value, 2)).toBe(text);
  });

  test.each([
    [0, '0'],
    [9_999, '9,999'],
    [12_345, '12.3K'],
    [1_234_567, '1.23M'],
    [2_500_000_000, '2.50B'],
    [Number.NaN, '–']
  ])('the volume %d is %s', (value, text) => {
    expect(volumeText(value)).toBe(text);
  });

  test.each([
    [0.4, 0, '0 s'],
    [-0.1, 0, '0 s'],
    [59.9, 0, '59 s'],
    [150, 0, '2 min'],
    [7300, 0, '2 h'],
    [3, 1, 'delayed 3 s'],
    [20, 4, 'stale 20 s'],
    [20, 4 | 1, 'stale, delayed 20 s'],
    [3, 2, 'frozen 3 s'],
    [20, 16, 'not connected 20 s'],
    [Number.NaN, 8, 'no data'],
    [Number.NaN, 16, 'not connected'],
    [Number.NaN, 0, 'no data']
  ])('the age %d with flags %d is "%s"', (age, flags, text) => {
    expect(ageText(age, flags)).toBe(text);
  });
});

describe('sorting', () => {
  const values = [row(0, { last: 10, close: 10 }), row(1), row(2, { last: 30, close: 10 })].map(
    numbers => new Float64Array(numbers)
  );

  test.each([
    [null, [0, 1, 2]],
    [{ key: 'symbol', isDescending: false }, [2, 1, 0]],
    [{ key: 'symbol', isDescending: true }, [0, 1, 2]],
    [{ key: 'last', isDescending: true }, [2, 0, 1]],
    [{ key: 'last', isDescending: false }, [0, 2, 1]],
    [{ key: 'percent', isDescending: true }, [2, 0, 1]],
    [{ key: 'bid', isDescending: true }, [0, 1, 2]]
  ])('by %o gives %o, and what is unknown comes last', (sorting, order) => {
    expect(sorted(ROWS, values, sorting)).toEqual(order);
  });
});

test('a trace ends at the right with the newest price, high prices at the top', () => {
  expect(tracePoints([1, 2, 1.5], 59, 10)).toBe('57.0,10.0 58.0,0.0 59.0,5.0');
  expect(tracePoints([1, 1], 59, 10)).toBe('58.0,5.0 59.0,5.0');
});

describe('a table', () => {
  let model: FakeModel;
  let element: HTMLElement;
  let close: () => void;
  let widget: ReturnType<typeof factory>;
  let dispose: () => void;

  beforeEach(() => {
    vi.useFakeTimers({
      toFake: [
        'setInterval',
        'clearInterval',
        'requestAnimationFrame',
        'cancelAnimationFrame',
        'performance'
      ]
    });
    model = new FakeModel();
    element = document.createElement('div');
    document.body.append(element);
    widget = factory();
    dispose = widget.initialize({ model });
    close = widget.render({ el: element });
  });

  afterEach(() => {
    close();
    dispose();
    element.remove();
    vi.useRealTimers();
  });

  function cell(symbol: string, column: string): HTMLElement {
    const found = element.querySelector(`tr[data-symbol="${symbol}"] [data-column="${column}"]`);
    return found as HTMLElement;
  }

  function symbols(): (string | undefined)[] {
    return [...element.querySelectorAll<HTMLElement>('tbody tr')].map(line => line.dataset.symbol);
  }

  function draw(): void {
    vi.advanceTimersByTime(20);
  }

  function press(label: string): void {
    element.querySelector<HTMLButtonElement>(`button[aria-label="${label}"]`)?.click();
  }

  test('asks for everything when it opens, and gives the lines back when it closes', () => {
    expect(model.sent).toMatchObject([{ type: 'hello', views: 1 }]);

    close();

    expect(model.sent.at(-1)).toMatchObject({ type: 'views', views: 0 });
    expect(element.children).toHaveLength(0);
  });

  test('counts the views of a page, each message under the same name', () => {
    const closeOther = widget.render({ el: document.createElement('div') });
    closeOther();

    expect(model.sent.map(message => message.views)).toEqual([1, 2, 1]);
    expect(new Set(model.sent.map(message => message.page)).size).toBe(1);
  });

  test('draws only changed cells, once a picture, with the newest values', () => {
    model.frame(1, [row(0, { last: 10, close: 9 })]);
    model.frame(2, [row(0, { last: 11, close: 9, bid: 10.99, ask: 11.01, volume: 5e6 })]);
    expect(cell('SPY', 'last').textContent).toBe('–');

    draw();

    expect(cell('SPY', 'last').textContent).toBe('11.00');
    expect(cell('SPY', 'change').textContent).toBe('+2.00');
    expect(cell('SPY', 'percent').textContent).toBe('+22.22');
    expect(cell('SPY', 'change').dataset.direction).toBe('up');
    expect(cell('SPY', 'volume').textContent).toBe('5.00M');
    expect(cell('AAPL', 'last').textContent).toBe('–');
  });

  test('shows prices with the decimals of their instrument', () => {
    model.frame(1, [row(1, { bid: 1.083 })]);
    draw();

    expect(cell('EUR.USD', 'bid').textContent).toBe('1.08300');
  });

  test('acknowledges every tenth frame', () => {
    for (let seq = 1; seq <= 2 * ACKNOWLEDGE_EVERY + 1; seq += 1) {
      model.frame(seq, [row(0, { last: seq })]);
    }

    const acknowledged = model.sent.filter(message => message.type === 'ack');
    expect(acknowledged.map(message => message.seq)).toEqual([10, 20]);
  });

  test('a second view shows what the first one knows', () => {
    model.frame(1, [row(0, { last: 10 })]);
    const other = document.createElement('div');
    const closeOther = widget.render({ el: other });
    draw();

    expect(other.querySelector('tr[data-symbol="SPY"] [data-column="last"]')?.textContent).toBe(
      '10.00'
    );
    closeOther();
  });

  test('says what is stale, delayed and missing in words', () => {
    model.frame(1, [
      row(0, { last: 1, age: 20, flags: 4 }),
      row(1, { last: 1, age: 1, flags: 1 }),
      row(2, { flags: 8 })
    ]);
    draw();

    expect(cell('SPY', 'age').textContent).toBe('stale 20 s');
    expect(cell('EUR.USD', 'age').textContent).toBe('delayed 1 s');
    expect(cell('AAPL', 'age').textContent).toBe('no data');
  });

  test('ages go on by themselves, until they are stale', () => {
    model.frame(1, [row(0, { last: 1, age: 0.5 })]);
    draw();
    vi.advanceTimersByTime(3000);
    expect(cell('SPY', 'age').textContent).toBe('3 s');

    vi.advanceTimersByTime(14_000);
    expect(cell('SPY', 'age').textContent).toBe('stale 17 s');
  });

  test('says when nothing comes any more, and asks the kernel now and then', () => {
    const notice = element.querySelector('caption') as HTMLElement;
    model.frame(1, [row(0, { last: 1, age: 0 })]);
    expect(notice.hidden).toBe(true);

    vi.advanceTimersByTime((SILENT_SECONDS + 1) * 1000);
    expect(notice.hidden).toBe(false);
    expect(notice.textContent).toContain('No updates for');

    vi.advanceTimersByTime(24_000);
    expect(model.types().filter(type => type === 'hello')).toHaveLength(4);

    model.frame(2, [row(0, { last: 2, age: 0 })], true);
    vi.advanceTimersByTime(1000);
    expect(notice.hidden).toBe(false);

    model.frame(3, [row(0, { last: 2, age: 0 })]);
    vi.advanceTimersByTime(1000);
    expect(notice.hidden).toBe(true);
  });

  test('survives a kernel that has gone', () => {
    model.isGone = true;
    vi.advanceTimersByTime(60_000);
    close();

    expect(element.children).toHaveLength(0);
  });

  test('gives the lines back when the page goes', () => {
    window.dispatchEvent(new Event('pagehide'));

    expect(model.sent.at(-1)).toMatchObject({ type: 'views', views: 0 });
  });

  test('sorts by a click: down, up, as it was', () => {
    model.frame(1, [row(0, { last: 2 }), row(1, { last: 1 }), row(2, { last: 3 })]);
    const heading = element.querySelector('button[aria-label="Last trade"]')?.closest('th');

    press('Last trade');
    expect(symbols()).toEqual(['AAPL', 'SPY', 'EUR.USD']);
    expect(heading?.getAttribute('aria-sort')).toBe('descending');

    press('Last trade');
    expect(symbols()).toEqual(['EUR.USD', 'SPY', 'AAPL']);
    expect(heading?.getAttribute('aria-sort')).toBe('ascending');

    press('Last trade');
    expect(symbols()).toEqual(['SPY', 'EUR.USD', 'AAPL']);
    expect(heading?.hasAttribute('aria-sort')).toBe(false);
  });

  test('a sorted table follows the market, at most once a second', () => {
    model.frame(1, [row(0, { last: 2 }), row(1, { last: 1 }), row(2, { last: 3 })]);
    press('Last trade');
    model.frame(2, [row(1, { last: 9 })]);
    draw();
    expect(symbols()[0]).toBe('AAPL');

    vi.advanceTimersByTime(1000);
    expect(symbols()[0]).toBe('EUR.USD');
  });

  test('keeps one point a second of the past minute, of the middle where nothing has traded', () => {
    model.frame(1, [row(0, { last: 2 }), row(1, { bid: 1, ask: 3 })]);
    for (let second = 0; second < 70; second += 1) {
      model.frame(2 + second, [row(0, { last: second })]);
      vi.advanceTimersByTime(1000);
    }
    const traces = [...element.querySelectorAll('polyline')].map(line =>
      line.getAttribute('points')
    );

    expect(traces[0]?.split(' ')).toHaveLength(60);
    expect(traces[1]?.split(' ')).toHaveLength(60);
    expect(traces[2]).toBeNull();
    expect(element.querySelector('svg')?.getAttribute('aria-label')).toContain('past minute');
  });

  test('markup in a name stays text', () => {
    expect(cell('AAPL', 'symbol').title).toBe('<b>Apple</b>, USD');
    expect(element.querySelector('b')).toBeNull();
  });

  test('ignores rows that it does not have', () => {
    model.frame(1, [row(99, { last: 1 }), row(-1, { last: 1 }), row(0.5, { last: 1 })]);
    draw();

    expect(element.textContent).not.toContain('1.00');
  });

  test('after it is disposed nothing is heard', () => {
    close();
    dispose();

    expect(model.listeners.size).toBe(0);
  });
});
