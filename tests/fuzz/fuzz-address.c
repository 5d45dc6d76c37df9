/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses from any text: what is accepted is canonical (it stays as it is), and its path leads back to it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/address.h"
#include "model/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool has_part(const char *address, const char *part)
{
	size_t length = strlen(part);

	for (const char *at = address; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL)
		if (strncmp(at, part, length) == 0 && (at[length] == '/' || at[length] == '\0'))
			return true;
	return false;
}

static void test_canonical(const char *text, size_t size)
{
	_cleanup_buffer_ struct buffer first = { 0 }, second = { 0 }, path = { 0 }, back = { 0 };
	struct error error = { 0 };

	if (address_canonical(text, size, &first, &error) < 0) {
		require(first.length == 0 && error.code < 0 && error.text[0]);
		return;
	}
	require(strlen(first.data) == first.length);
	require(!has_part(first.data, "") && !has_part(first.data, ".") && !has_part(first.data, ".."));
	/* An address may grow beyond the limit when "vm" becomes "sysctl/vm". */
	if (first.length <= 4096) {
		require(address_canonical(first.data, first.length, &second, &error) == 0);
		require(strcmp(first.data, second.data) == 0);
	}
	require(address_under(first.data, ""));
	if (!strpbrk(first.data, "*?["))
		require(address_under(first.data, first.data));
	if (address_path(first.data, &path) == 0 && path.length <= 4096) {
		require(address_canonical(path.data, path.length, &back, &error) == 0);
		require(strcmp(first.data, back.data) == 0);
	}
}

static void test_bytes(const char *text, size_t size)
{
	_cleanup_buffer_ struct buffer shown = { 0 };
	uint8_t bytes[32], again[32];
	uint32_t length, length_again;
	int16_t prefix, prefix_again;
	struct value value;

	if (address_parse_bytes(text, size, bytes, &length, &prefix) < 0)
		return;
	require(length <= 32 && prefix <= 128);
	value = value_data(VALUE_ADDRESS, bytes, length);
	value.bytes.prefix = prefix;
	value_json(&shown, &value, NULL, NULL);
	require(address_parse_bytes(shown.data + 1, shown.length - 2, again, &length_again, &prefix_again) == 0);
	require(length == length_again && prefix == prefix_again && memcmp(bytes, again, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	test_canonical((const char *)data, size);
	test_bytes((const char *)data, size);
	return 0;
}
