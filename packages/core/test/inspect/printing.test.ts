import { describe, expect, it } from 'vitest'
import { bytesText, countText, spanText } from '../../src/inspect/amounts.ts'
import { createGroups, otherGroups } from '../../src/inspect/groups.ts'
import { keyNameOf } from '../../src/inspect/key-name.ts'
import { createLargest } from '../../src/inspect/largest.ts'
import { columnsOf, printable, printableJson } from '../../src/inspect/printable.ts'
import { createProgressLine } from '../../src/inspect/progress.ts'
import { createStyle } from '../../src/inspect/style.ts'
import { tableLines } from '../../src/inspect/table.ts'

describe('text from a key', () => {
  it('cannot move the cursor, hide, or pose as escaped', () => {
    expect(printable('a\u001b[31m\u0007\u009b\u200b\u202e\n\\x1b', 100)).toBe(
      'a\\x1b[31m\\x07\\x9b\\u{200b}\\u{202e}\\n\\\\x1b',
    )
    expect(printable('half \ud800', 100)).toBe('half \\u{d800}')
  })
  it('keeps both of its ends when it is cut, within its width', () => {
    const cut = printable(`beginning-${'x'.repeat(1e6)}-end`, 20)
    expect(cut).toMatch(/^beginning-.*….*-end$/)
    expect(columnsOf(cut)).toBeLessThanOrEqual(20)
    expect(columnsOf(printable('日本語'.repeat(20), 21))).toBeLessThanOrEqual(21)
  })
  it('in JSON stays the same text for a parser', () => {
    const value = { key: '\u009b\u202e\u2028\u001b\u{e0001}ü日' }
    const text = printableJson(value)
    expect(JSON.parse(text)).toEqual(value)
    expect(text).not.toMatch(/[\u007f-\u009f\u2028\u202e]/)
    expect(text).toContain('ü日')
  })
})

describe('a key says by its form', () => {
  it('which entry or state it is', () => {
    expect(keyNameOf('shop:eu:a:b')).toEqual({ kind: 'entry', prefix: 'shop', namespace: 'eu' })
    expect(keyNameOf('shop:a#b:{c}')).toMatchObject({ kind: 'entry', namespace: 'a#b' })
    expect(keyNameOf('shop#limit:eu:@acme:{a%7Bb%25}:5/s100')).toEqual({
      ...{ kind: 'state', prefix: 'shop', area: 'limit', levels: 'eu:@acme:' },
      ...{ name: 'a{b%', ending: ':5/s100' },
    })
    // A namespace may hold braces: the name is what the last of them hold.
    expect(keyNameOf('shop#lock:a{b}c:{d}:line')).toMatchObject({
      ...{ levels: 'a{b}c:', name: 'd', ending: ':line' },
    })
  })
  it('that it is none of ours', () => {
    for (const key of ['', 'shop', ':a', 'a b:c', `${'x'.repeat(65)}:a`]) {
      expect(keyNameOf(key)).toBeUndefined()
    }
    expect(keyNameOf('shop#{x}')).toMatchObject({ kind: 'state', area: '' })
  })
  it('in time that grows with its length', () => {
    for (const text of ['{', '{a', 'a{}', '}', 'a:']) keyNameOf(`shop#lock:${text.repeat(1e5)}`)
  })
})

describe('memory stays bounded', () => {
  it('however many namespaces there are', () => {
    const groups = createGroups(2)
    for (let at = 0; at < 5000; at++) {
      if (groups.count(`ns${at}`)) groups.measure(`ns${at}`, 10)
    }
    const report = groups.report()
    expect(report).toHaveLength(1001)
    expect(report.find(({ name }) => name === otherGroups)).toMatchObject({
      keys: 4000,
      measured: 2,
      totalBytes: 40_000,
    })
  })
  it('of the largest, which are the largest', () => {
    const largest = createLargest<number>(3, (size) => size)
    for (const size of [5, 1, 9, 7, 3, 9]) largest.add(size)
    expect(largest.list()).toEqual([9, 9, 7])
    expect(largest.count).toBe(6)
  })
})

describe('a screen', () => {
  it('reads amounts as people do', () => {
    expect([0, 999, 1024, 1_500_000, 2 ** 50].map(bytesText)).toEqual([
      ...['0 B', '999 B', '1.0 kB', '1.4 MB', '1024 TB'],
    ])
    expect([5, 1000, 61_000, 7_500_000, 90_000_000].map(spanText)).toEqual([
      ...['5 ms', '1 s', '1 m 1 s', '2 h 5 m', '1 d 1 h'],
    ])
    expect([999, 12_345, 12_345_678].map(countText)).toEqual(['999', '12,345', '12.3M'])
  })
  it('aligns columns, wide characters included', () => {
    const lines = tableLines(
      [
        { title: 'name', align: 'left' },
        { title: 'keys', align: 'right' },
      ],
      [
        ['日本', '1'],
        ['a', '1,000'],
      ],
    )
    expect(lines).toEqual(['  name   keys', '  日本      1', '  a     1,000'])
  })
  it('has colours on a terminal alone, and not against NO_COLOR', () => {
    const isRed = (isTTY: boolean, env: Record<string, string>): boolean =>
      createStyle({ isTTY }, env).alert('x') !== 'x'
    expect(isRed(true, {})).toBe(true)
    expect(isRed(false, {})).toBe(false)
    expect(isRed(true, { NO_COLOR: '1' })).toBe(false)
    expect(isRed(true, { TERM: 'dumb' })).toBe(false)
  })
  it('shows progress on one line of a terminal, and takes it off; a log is spared', () => {
    const written = { terminal: '', log: '' }
    const terminal = createProgressLine({
      isTTY: true,
      write: (text) => (written.terminal += text),
    })
    const log = createProgressLine({ write: (text) => (written.log += text) })
    for (const line of [terminal, log]) {
      line.tell({ keys: 1000, share: 0.255 })
      line.tell({ keys: 2000, share: 0.5 })
      line.end()
    }
    expect(written).toEqual({
      terminal: '\r\u001b[Klooked at 1,000 keys, 25 %\r\u001b[K',
      log: '',
    })
  })
})
