// Where the log is read from: texts as they are stored, in snapshots that are short enough not to hold up whoever writes.
import type { ListQuery, Reader, Store } from '../store/store.ts';

/** A key and the JSON text that is stored there. */
export type AuditRow = { readonly key: string; readonly text: string };

/** One snapshot. */
export type AuditRows = {
  get(collection: string, key: string): Promise<string | undefined>;
  /** The texts of these keys, undefined where there is none. */
  texts(collection: string, keys: readonly string[]): Promise<readonly (string | undefined)[]>;
  list(collection: string, query: ListQuery): Promise<readonly AuditRow[]>;
  keys(collection: string, query: ListQuery): Promise<readonly string[]>;
  /** How many documents the collection has, where that costs less than reading their keys. */
  count?(collection: string): Promise<number>;
};

/** Gives snapshots, one after the other. */
export type AuditSource = { read<T>(work: (rows: AuditRows) => Promise<T>): Promise<T> };

/** A store as a source: any engine, also that of a running server. */
export function sourceOf(store: Store): AuditSource {
  return { read: (work) => store.read((reader) => work(rowsOf(reader))) };
}

/** Documents read back as they were written: their JSON text is the one that was stored. */
function rowsOf(reader: Reader): AuditRows {
  const get = async (collection: string, key: string) => {
    const document = await reader.get(collection, key);
    return document === undefined ? undefined : JSON.stringify(document);
  };
  const list: AuditRows['list'] = async (collection, query) => {
    const entries = await reader.list(collection, query);
    return entries.map(({ key, document }) => ({ key, text: JSON.stringify(document) }));
  };
  return {
    get,
    list,
    texts: (collection, keys) => Promise.all(keys.map((key) => get(collection, key))),
    keys: async (collection, query) => (await reader.list(collection, query)).map(({ key }) => key),
  };
}

/** The value of a stored text, or undefined where it is no JSON. */
export function jsonOf(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
