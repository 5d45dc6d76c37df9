/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/context.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/netns.h"
#include "lib/crossing.h"
#include "wire/netns.h"

int ferry_new(struct ferry **ret_ferry)
{
	struct ferry *ferry = calloc(1, sizeof(*ferry));

	if (!ferry)
		return -ENOMEM;
	machine_init(&ferry->machine);
	ferry->machine.call_name = call_name;
	ferry->netns = own_netns();
	*ret_ferry = ferry;
	return 0;
}

struct ferry *ferry_free(struct ferry *ferry)
{
	if (!ferry)
		return NULL;
	machine_done(&ferry->machine);
	netlink_close(ferry->sender);
	buffer_done(&ferry->made);
	free(ferry);
	return NULL;
}

const char *ferry_error(const struct ferry *ferry)
{
	return ferry->error.text;
}

int ferry_error_code(const struct ferry *ferry)
{
	return ferry->error.code;
}

int ferry_failed(struct ferry *ferry, int code)
{
	if (ferry->machine.error.code == code) {
		ferry->error = ferry->machine.error;
		ferry->machine.error = (struct error){ 0 };
		return code;
	}
	return error_set(&ferry->error, code, "%s", error_text(code));
}

int ferry_set_root(struct ferry *ferry, const char *directory)
{
	int r = machine_set_root(&ferry->machine, directory);

	return r < 0 ? ferry_failed(ferry, r) : 0;
}

static int may_enter(struct ferry *ferry)
{
	if (ferry->machine.root)
		return error_set(&ferry->error, -EINVAL, "another root has no network namespaces: its files are read as they are");
	/* /proc/net shows the namespace of the process's first thread, whichever thread looks. */
	if (gettid() != getpid())
		return error_set(&ferry->error, -EBUSY, "only the first thread of a process can enter another network namespace");
	return 0;
}

static int entered(struct ferry *ferry, int result)
{
	if (result < 0)
		return result;
	machine_forget(&ferry->machine);
	ferry->netns = own_netns();
	return 0;
}

int ferry_set_netns(struct ferry *ferry, const char *name)
{
	_cleanup_close_ int descriptor = -1;
	int r = may_enter(ferry);

	if (r < 0)
		return r;
	descriptor = netns_open(name, &ferry->error);
	if (descriptor < 0)
		return descriptor;
	return entered(ferry, netns_enter(descriptor, name, &ferry->error));
}

int ferry_own_netns(struct ferry *ferry)
{
	int r = may_enter(ferry);

	return r < 0 ? r : entered(ferry, netns_make(&ferry->error));
}

const char *ferry_version(void)
{
	return FERRY_VERSION;
}
