/* SPDX-License-Identifier: Apache-2.0 */
// The library with the browser halves of headgate's own plugins.
import './headgate.mjs';
import './channels.js';
import './pingpong.js';
import './idletimeout.js';

export * from './headgate.mjs';
export { default } from './headgate.mjs';
