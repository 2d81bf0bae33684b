/** Writes docs/errors.md from the table in host/errors.ts: `node scripts/errors-page.mjs`, after a build. */
import { writeFileSync } from 'node:fs';
import { errorsPage } from '../dist/host/errors-page.js';

writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsPage());
