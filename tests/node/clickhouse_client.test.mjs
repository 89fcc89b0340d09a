// The official Node client against the embedded server: what a dashboard or an exporter written in Node relies on.
// The server's address comes in CLICKHOUSE_URL.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ClickHouseError, createClient } from '@clickhouse/client'

const ROWS = 100_000

describe('@clickhouse/client', () => {
  const client = createClient({ url: process.env.CLICKHOUSE_URL })

  before(async () => {
    await client.command({
      query: 'CREATE TABLE node_events (id UInt64, name String) ENGINE = MergeTree ORDER BY id',
    })
  })

  after(async () => {
    await client.command({ query: 'DROP TABLE node_events' })
    await client.close()
  })

  it('pings', async () => {
    assert.deepEqual(await client.ping(), { success: true })
    assert.deepEqual(await client.ping({ select: true }), { success: true })
  })

  it('inserts rows and reads them back with bound parameters', async () => {
    const { summary } = await client.insert({
      table: 'node_events',
      values: [{ id: 1, name: 'first' }, { id: 2, name: "it's second\t" }],
      format: 'JSONEachRow',
    })
    assert.equal(summary.written_rows, '2')
    const answer = await client.query({
      query: 'SELECT name FROM node_events WHERE id = {id: UInt64} AND name = {name: String}',
      query_params: { id: 2, name: "it's second\t" },
      format: 'JSONEachRow',
    })
    assert.deepEqual(await answer.json(), [{ name: "it's second\t" }])
  })

  it('streams 100,000 rows', async () => {
    const answer = await client.query({ query: `SELECT number FROM numbers(${ROWS})`, format: 'JSONCompactEachRow' })
    let rows = 0
    for await (const batch of answer.stream()) rows += batch.length
    assert.equal(rows, ROWS)
  })

  it('gives errors their code and type', async () => {
    await assert.rejects(client.query({ query: 'SELECT * FROM missing' }), (error) => {
      assert.ok(error instanceof ClickHouseError)
      assert.equal(error.code, '60')
      assert.equal(error.type, 'UNKNOWN_TABLE')
      return true
    })
  })

  it('notices an error in the middle of a stream', async () => {
    const answer = await client.query({
      query: 'SELECT throwIf(number = 2000000) FROM numbers(3000000)',
      format: 'JSONCompactEachRow',
    })
    await assert.rejects(async () => {
      for await (const batch of answer.stream()) assert.ok(batch.length > 0)
    })
  })

  it('compresses requests and answers', async () => {
    const compressing = createClient({
      url: process.env.CLICKHOUSE_URL,
      compression: { request: true, response: true },
    })
    try {
      const values = Array.from({ length: 1_000 }, (_, id) => ({ id: 1_000 + id, name: `row ${id}` }))
      await compressing.insert({ table: 'node_events', values, format: 'JSONEachRow' })
      const answer = await compressing.query({
        query: 'SELECT count() AS rows, sum(id) AS total FROM node_events WHERE id >= 1000',
        format: 'JSONEachRow',
        clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
      })
      assert.deepEqual(await answer.json(), [{ rows: 1_000, total: 1_499_500 }])
    } finally {
      await compressing.close()
    }
  })
})
