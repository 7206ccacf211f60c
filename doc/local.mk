# Manual pages of the programs; those of plugins stand beside their code.
dist_man_MANS += \
	doc/headgate.8 \
	doc/headgate.ini.5 \
	doc/headgatectl.1
dist_doc_DATA += \
	CONTRIBUTING.md \
	README.md \
	SECURITY.md \
	doc/browser.md \
	doc/operations.md \
	doc/plugins.md \
	doc/protocol.md

# Written by "make bench".
EXTRA_DIST += doc/performance
