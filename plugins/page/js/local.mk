# The browser library, and the browser halves of plugins, made of their sources
# by cat and sed. plugins/page/js is a package for npm then; its dist is also
# what the page plugin serves from.
JS_LIBRARY = \
	plugins/page/js/src/natives.js \
	plugins/page/js/src/task.js \
	plugins/page/js/src/bytes.js \
	plugins/page/js/src/arguments.js \
	plugins/page/js/src/wsext.js \
	plugins/page/js/src/head.js \
	plugins/page/js/src/registry.js \
	plugins/page/js/src/meter.js \
	plugins/page/js/src/chain.js \
	plugins/page/js/src/link.js \
	plugins/page/js/src/pool.js \
	plugins/page/js/src/opening.js \
	plugins/page/js/src/tabworker.js \
	plugins/page/js/src/tabs.js \
	plugins/page/js/src/websocket.js \
	plugins/page/js/src/headgate.js

JS_CHANNELS = \
	plugins/channels/js/begin.js \
	plugins/channels/js/control.js \
	plugins/channels/js/ids.js \
	plugins/channels/js/channel.js \
	plugins/channels/js/creating.js \
	plugins/channels/js/turns.js \
	plugins/channels/js/mux.js \
	plugins/channels/js/channels.js

JS_COPIED = plugins/pingpong/pingpong.js plugins/idletimeout/idletimeout.js

js_dist = plugins/page/js/dist
js_licence = /* SPDX-License-Identifier: Apache-2.0 */

EXTRA_DIST += \
	$(JS_LIBRARY) $(JS_CHANNELS) $(JS_COPIED) \
	plugins/page/js/src/exports.mjs plugins/page/js/src/global.js \
	plugins/page/js/index.mjs plugins/page/js/headgate.d.ts \
	plugins/page/js/package.json.in plugins/page/js/README.md.in

jsdir = $(pkgdatadir)/js
nodist_js_DATA = \
	$(js_dist)/headgate.js $(js_dist)/headgate.mjs $(js_dist)/index.mjs \
	$(js_dist)/channels.js $(js_dist)/pingpong.js \
	$(js_dist)/idletimeout.js $(js_dist)/headgate.d.ts
JS_PACKAGE = \
	plugins/page/js/package.json plugins/page/js/README.md \
	plugins/page/js/LICENSE
noinst_DATA = $(JS_PACKAGE)
CLEANFILES += $(nodist_js_DATA) $(JS_PACKAGE)

# The files $$2... inside a function, so that they share nothing with the page.
js_cat = { echo '$(js_licence)' && for file in $$files; do \
	cat "$(srcdir)/$$file" && echo || exit 1; done; } | \
	sed -e 's|@[V]ERSION@|$(VERSION)|g'
js_wrap = { echo '(() => {' && echo "'use strict';" && $(js_cat) && \
	echo '})();'; }

$(js_dist)/headgate.js: $(JS_LIBRARY) plugins/page/js/src/global.js
	$(AM_V_GEN)$(MKDIR_P) $(js_dist) && \
	files='$(JS_LIBRARY) plugins/page/js/src/global.js' && \
	$(js_wrap) >$@.new && mv -f $@.new $@

$(js_dist)/headgate.mjs: $(JS_LIBRARY) plugins/page/js/src/exports.mjs
	$(AM_V_GEN)$(MKDIR_P) $(js_dist) && \
	files='$(JS_LIBRARY) plugins/page/js/src/exports.mjs' && \
	$(js_cat) >$@.new && mv -f $@.new $@

$(js_dist)/channels.js: $(JS_CHANNELS)
	$(AM_V_GEN)$(MKDIR_P) $(js_dist) && files='$(JS_CHANNELS)' && \
	$(js_wrap) >$@.new && mv -f $@.new $@

$(js_dist)/pingpong.js: plugins/pingpong/pingpong.js
	$(AM_V_GEN)$(MKDIR_P) $(js_dist) && \
	cat "$(srcdir)/plugins/pingpong/pingpong.js" >$@.new && mv -f $@.new $@

$(js_dist)/idletimeout.js: plugins/idletimeout/idletimeout.js
	$(AM_V_GEN)$(MKDIR_P) $(js_dist) && \
	cat "$(srcdir)/plugins/idletimeout/idletimeout.js" >$@.new && \
	mv -f $@.new $@

$(js_dist)/index.mjs: plugins/page/js/index.mjs
	$(AM_V_GEN)$(MKDIR_P) $(js_dist) && \
	cat "$(srcdir)/plugins/page/js/index.mjs" >$@.new && mv -f $@.new $@

$(js_dist)/headgate.d.ts: plugins/page/js/headgate.d.ts
	$(AM_V_GEN)$(MKDIR_P) $(js_dist) && \
	cat "$(srcdir)/plugins/page/js/headgate.d.ts" >$@.new && mv -f $@.new $@

plugins/page/js/package.json: plugins/page/js/package.json.in
	$(AM_V_GEN)$(MKDIR_P) plugins/page/js && \
	sed -e 's|@[V]ERSION@|$(VERSION)|g' \
	    "$(srcdir)/plugins/page/js/package.json.in" >$@

plugins/page/js/README.md: plugins/page/js/README.md.in
	$(AM_V_GEN)$(MKDIR_P) plugins/page/js && \
	cat "$(srcdir)/plugins/page/js/README.md.in" >$@

plugins/page/js/LICENSE: LICENSE
	$(AM_V_GEN)$(MKDIR_P) plugins/page/js && cat "$(srcdir)/LICENSE" >$@
