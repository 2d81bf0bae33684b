export { libbpfVersion } from './native.js';
