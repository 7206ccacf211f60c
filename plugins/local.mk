# One folder, one plugin, one module NAME.so.
include plugins/channels/local.mk
include plugins/fanout/local.mk
include plugins/stomp/local.mk
include plugins/broker/local.mk
include plugins/authrequest/local.mk
include plugins/basic/local.mk
include plugins/echo/local.mk
include plugins/deflate/local.mk
include plugins/tap/local.mk
include plugins/token/local.mk
include plugins/pingpong/local.mk
include plugins/idletimeout/local.mk
include plugins/page/local.mk
include plugins/page/js/local.mk

# libtool leaves each module in its own .libs. The daemon wants them in one
# folder, as plain files; so a build has a second copy in plugins/all.
plugins-all: plugins/all/.stamp

plugins/all/.stamp: $(plugin_LTLIBRARIES)
	$(AM_V_GEN)$(MKDIR_P) plugins/all && \
	for la in $(plugin_LTLIBRARIES); do \
		name=`basename $$la .la`; \
		built=`dirname $$la`/.libs/$$name.so; \
		cmp -s $$built plugins/all/$$name.so && continue; \
		$(INSTALL_PROGRAM) $$built plugins/all/$$name.new && \
		mv -f plugins/all/$$name.new plugins/all/$$name.so || exit 1; \
	done && touch $@

# Nothing reads a module's .la file, and a stray one can mislead libltdl.
plugins-rm-la:
	for la in $(plugin_LTLIBRARIES); do \
		rm -f $(DESTDIR)$(plugindir)/`basename $$la`; \
	done

# libtool removes a module by its .la file, which is not there any more.
plugins-uninstall:
	for la in $(plugin_LTLIBRARIES); do \
		rm -f $(DESTDIR)$(plugindir)/`basename $$la .la`.so; \
	done

plugins-clean:
	rm -rf plugins/all
