/** Asks for the columns of a statement without executing it: Parse, Describe, Sync of the extended protocol. */
import type { Connection, Submittable } from 'pg';
import type { ResultField } from './client.ts';

interface RowDescription {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
}

export class DescribeStatement implements Submittable {
  readonly fields: Promise<readonly ResultField[]>;
  readonly text: string;
  readonly #result = Promise.withResolvers<readonly ResultField[]>();
  #found: readonly ResultField[] = [];

  constructor(text: string) {
    this.text = text;
    this.fields = this.#result.promise;
  }

  submit(connection: Connection): void {
    connection.parse({ name: '', text: this.text, types: [] }, false);
    connection.describe({ type: 'S', name: '' }, false);
    connection.sync();
  }

  handleRowDescription({ fields }: RowDescription): void {
    this.#found = fields.map(({ name, dataTypeID }) => ({ name, typeOid: dataTypeID }));
  }

  handleReadyForQuery(): void {
    this.#result.resolve(this.#found);
  }

  /** The server waits for a Sync after an error; ours is under way already. */
  handleError(error: Error): void {
    this.#result.reject(error);
  }
}
