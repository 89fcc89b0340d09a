// The site's rules hold for its tests, too.
export { default } from '../../frontend/eslint.config.js';
