# The configuration that "make install" puts in place. A file that an
# administrator has changed is neither overwritten nor removed.
CONF_MAIN = conf.d/headgate.ini
CONF_FRAGMENTS = \
	plugins/authrequest/authrequest.ini \
	plugins/basic/basic.ini \
	plugins/broker/broker.ini \
	plugins/channels/channels.ini \
	plugins/deflate/deflate.ini \
	plugins/echo/echo.ini \
	plugins/fanout/fanout.ini \
	plugins/idletimeout/idletimeout.ini \
	plugins/page/page.ini \
	plugins/pingpong/pingpong.ini \
	plugins/stomp/stomp.ini \
	plugins/tap/tap.ini
if HAVE_JWT
CONF_FRAGMENTS += plugins/token/token.ini
endif
CONF_DEMO = \
	conf.d/demo/edge/headgate.ini \
	conf.d/demo/edge/conf.d/10-echo.ini \
	conf.d/demo/edge/conf.d/20-stomp.ini \
	conf.d/demo/edge/conf.d/30-page.ini \
	conf.d/demo/gateway/headgate.ini \
	conf.d/demo/gateway/conf.d/10-echo.ini \
	conf.d/demo/gateway/conf.d/20-stomp.ini
# Its page, and what happens there.
CONF_DEMO += \
	conf.d/demo/market.mjs \
	conf.d/demo/site/demo.css conf.d/demo/site/demo.js \
	conf.d/demo/site/index.html

EXTRA_DIST += $(CONF_MAIN) $(CONF_FRAGMENTS) $(CONF_DEMO) plugins/token/token.ini

conf_each = \
	for file in $(CONF_MAIN) $(CONF_FRAGMENTS); do \
		case " $(CONF_MAIN) " in \
		*" $$file "*) dir="$(DESTDIR)$(confdir)" ;; \
		*) dir="$(DESTDIR)$(confdir)/conf.d" ;; \
		esac; \
		to="$$dir/`basename $$file`"

conf-install:
	$(MKDIR_P) "$(DESTDIR)$(confdir)/conf.d"
	$(conf_each); \
		test -f "$$to" || \
		    $(INSTALL_DATA) "$(srcdir)/$$file" "$$to" || exit 1; \
	done

conf-uninstall:
	$(conf_each); \
		! cmp -s "$(srcdir)/$$file" "$$to" || rm -f "$$to"; \
	done
