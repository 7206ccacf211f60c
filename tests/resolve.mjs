// SPDX-License-Identifier: Apache-2.0
// Lets tests import packages that are installed in a build tree: what is not
// found the usual way is looked up from $HEADGATE_NODE_MODULES.
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';

const modules = process.env.HEADGATE_NODE_MODULES;
if (modules) {
  const parent = JSON.stringify(pathToFileURL(`${modules}/from.mjs`).href);
  register('data:text/javascript,' + encodeURIComponent(`
    export async function resolve(name, context, next) {
      try {
        return await next(name, context);
      } catch (error) {
        if (error.code !== 'ERR_MODULE_NOT_FOUND' || /^[./]|:/.test(name))
          throw error;
        return next(name, { ...context, parentURL: ${parent} });
      }
    }`));
}
