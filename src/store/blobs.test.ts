import { after } from 'node:test';
import { testDatabase } from '../../test/support/database.ts';
import { blobsContract } from './blobs.contract.ts';
import { createBlobs } from './blobs.ts';
import { createIds } from './ids.ts';
import { openStore } from './postgres.ts';

const database = await testDatabase();
const store = openStore({ connection: database.connection, listen: false });
after(async () => {
  await store.close();
  await database.close();
});
const blobs = createBlobs({ store, ids: createIds(store) });

blobsContract('in PostgreSQL', () => ({ store, blobs, tenant: 1, other: 2 }));
