/* SPDX-License-Identifier: Apache-2.0 */
/* headgatectl passwd: the file of users that the plugin basic reads. */
#ifndef CORE_PASSWD_H
#define CORE_PASSWD_H

/* argv[0] is "passwd". Returns the exit status. */
int	passwd_main(int argc, char **argv);

#endif
