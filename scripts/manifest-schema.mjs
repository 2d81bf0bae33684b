// Writes docs/manifest.schema.json from the validator in host/operator/manifest.ts (built).
import { writeFileSync } from 'node:fs';
import { manifestSchema } from '../dist/host/operator/manifest.js';

writeFileSync(new URL('../docs/manifest.schema.json', import.meta.url), manifestSchema());
