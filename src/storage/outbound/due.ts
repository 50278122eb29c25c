// Reads what is due of endpoints: of many that ask at the same moment, in one query.

import { type Model, type ModelStatic, QueryTypes, type Sequelize } from 'sequelize';
import type { DueDelivery, OutboundStore } from '../../engine/outbound-ports.ts';
import { isSearchable, parseStored } from '../database.ts';
import { dialectOf } from '../dialect.ts';
import type { Models } from '../models.ts';
import type { DeliveryRow, MessageRow } from '../outbound-models.ts';
import { answerTogether } from '../read-together.ts';
import type { RowReader } from '../row-reader.ts';
import { withStorageErrors } from '../storage-error.ts';
import { toDelivery, toMessage } from './records.ts';

/** Deliveries in one query, at most; one endpoint may ask for more. */
const MAX_ROWS = 1_024;
/** About how much JSON one query may give, in characters: what is parsed at once holds up everything else. */
const MAX_LENGTH = 2 * 1024 * 1024;
/** Endpoints in one query for when something is due next. */
const MAX_ENDPOINTS = 256;

/** With an ordering key only the earliest delivery of each key that is pending; its condition on delivery `d`. */
const IS_FIRST_OF_ITS_KEY = `(d.ordering_key IS NULL OR NOT EXISTS (
  SELECT 1 FROM deliveries earlier WHERE earlier.endpoint_id = d.endpoint_id AND earlier.ordering_key = d.ordering_key
    AND earlier.status = 'pending' AND earlier.id < d.id))`;

interface NextQuestion {
  readonly endpointId: string;
  readonly without: readonly string[];
}

interface DueQuestion extends NextQuestion {
  readonly now: number;
  readonly limit: number;
}

/** See `OutboundStore.queue`. `sequelize` is the reader's. */
export function dueReader(
  sequelize: Sequelize,
  read: Models,
  reader: RowReader,
): Pick<OutboundStore['queue'], 'due' | 'nextDueAt'> {
  const { textsOf, elementsOf, rowsAsJson } = dialectOf(sequelize);
  const delivery = columnsOf<DeliveryRow>(read.deliveries, 'd');
  const message = columnsOf<MessageRow>(read.messages, 'm');
  /** Of the last query; a guess before it. */
  let rowLength = MAX_LENGTH / MAX_ROWS;

  // What is left out is one list for all who ask, since a list of each would be made anew for each row: an id names a delivery
  // of one endpoint alone, and none asks twice in one query.
  const pending = (endpointId: string, without: string): string =>
    `d.endpoint_id = ${endpointId} AND d.status = 'pending' AND d.id NOT IN ${textsOf(without)} AND ${IS_FIRST_OF_ITS_KEY}`;

  const dueSql = `SELECT c.value ->> 0 AS id, (
      SELECT ${rowsAsJson(`${delivery.sql}, ${message.sql}`)} FROM (
        SELECT * FROM deliveries d WHERE ${pending('c.value ->> 0', '$2')} AND d.due_at <= CAST(c.value ->> 1 AS BIGINT)
        ORDER BY d.due_at, d.id LIMIT $3
      ) d JOIN messages m ON m.id = d.message_id
    ) AS answer FROM ${elementsOf('$1', 'c')}`;

  const nextSql = `SELECT c.value ->> 0 AS id, (
      SELECT d.due_at FROM deliveries d WHERE ${pending('c.value ->> 0', '$2')} ORDER BY d.due_at, d.id LIMIT 1
    ) AS answer FROM ${elementsOf('$1', 'c')}`;

  /** The answer for each endpoint. @param asked begin with its id */
  async function query<Answer>(sql: string, asked: readonly (readonly [string, ...number[]])[], ...rest: unknown[]) {
    const bind = [JSON.stringify(asked), ...rest];
    const rows = await withStorageErrors(() =>
      sequelize.query<{ id: string; answer: Answer }>(sql, { type: QueryTypes.SELECT, bind }),
    );
    return new Map(rows.map(({ id, answer }) => [id, answer]));
  }

  /** Rows that cannot be read are left out, too: they would be met again and again. */
  const withoutOf = (questions: readonly NextQuestion[]): string =>
    JSON.stringify([...questions.flatMap(({ without }) => without), ...reader.known('deliveries')]);

  const due = answerTogether<DueQuestion, DueDelivery[]>(
    (question, others) =>
      question.limit === others[0]?.limit &&
      (others.length + 1) * question.limit <= Math.min(MAX_ROWS, MAX_LENGTH / rowLength) &&
      isOfAnother(question, others),
    async (questions) => {
      const asked = questions.map(({ endpointId, now }) => [endpointId, now] as const);
      const answers = await query<string>(dueSql, asked, withoutOf(questions), questions[0]?.limit);
      const pages = questions.map(({ endpointId }) => toPage(answers.get(endpointId) ?? '[]'));
      const rowCount = pages.reduce((count, page) => count + page.length, 0);
      const length = [...answers.values()].reduce((sum, answer) => sum + answer.length, 0);
      if (rowCount > 0) rowLength = length / rowCount;
      return pages.map((page) => page.filter(({ delivery }) => delivery.unreadable === undefined));
    },
  );

  const nextDueAt = answerTogether<NextQuestion, number | null>(
    (question, others) => others.length < MAX_ENDPOINTS && isOfAnother(question, others),
    async (questions) => {
      const asked = questions.map(({ endpointId }) => [endpointId] as const);
      const answers = await query<number | string | null>(nextSql, asked, withoutOf(questions));
      return questions.map(({ endpointId }) => {
        const dueAt = answers.get(endpointId) ?? null;
        return dueAt === null ? null : Number(dueAt);
      });
    },
  );

  function toPage(json: string): DueDelivery[] {
    const page = parseStored<unknown[][]>(json).map((values) => {
      const sent = toMessage(reader, message.take(values, delivery.count));
      return { delivery: toDelivery(reader, delivery.take(values, 0), sent.unreadable !== undefined), message: sent };
    });
    // The rows that JSON is made of are in no certain order.
    return page.sort(({ delivery: a }, { delivery: b }) => a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1));
  }

  return {
    due: async (endpointId, now, limit, without) => (isSearchable(endpointId) ? due({ endpointId, now, limit, without }) : []),
    nextDueAt: async (endpointId, without) => (isSearchable(endpointId) ? nextDueAt({ endpointId, without }) : null),
  };
}

function isOfAnother({ endpointId }: NextQuestion, others: readonly NextQuestion[]): boolean {
  return others.every((other) => other.endpointId !== endpointId);
}

/** The columns of a table under its alias, and how a row of the table is taken out of a list of values. */
function columnsOf<Row extends object>(
  model: ModelStatic<Model<Row, Row>>,
  alias: string,
): { readonly sql: string; readonly count: number; take(values: readonly unknown[], from: number): Row } {
  const attributes: Record<string, { field?: string }> = model.getAttributes();
  const names = Object.keys(attributes);
  return {
    sql: names.map((name) => `${alias}.${attributes[name]?.field ?? name}`).join(', '),
    count: names.length,
    take: (values, from) => Object.fromEntries(names.map((name, index) => [name, values[from + index]])) as Row,
  };
}
