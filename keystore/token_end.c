/* SPDX-License-Identifier: MIT */
/* The end of a private half: wherever it is or was. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore/token_private.h"

/* What is gone is looked for: a file system that says yes and keeps the file is noticed. */
static enum status confirm_gone(const struct token *token, const char *name, struct error *err)
{
	struct stat info;
	if (fstatat(token->folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
		return STATUS_OK;
	return error_set(err, STATUS_IO, "%s/%s: was removed, and is there still", token->path, name);
}

static enum status discard_file(struct token *token, const struct key *key, struct error *err)
{
	char name[TOKEN_FILE_NAME];
	token_file_name(key, name);
	if (unlinkat(token->folder, name, 0) != 0 && errno != ENOENT)
		return error_set_errno(err, "%s/%s: cannot be removed", token->path, name);
	if (fsync(token->folder) != 0)
		return error_set_errno(err, "%s: fsync failed", token->path);
	return confirm_gone(token, name, err);
}

enum status token_discard_left(struct token *token, const struct key *key, struct error *err)
{
	const char *const left = strchr(key->locator, KEY_LEFT);
	enum status status = STATUS_OK;
	if (left != NULL && strstr(left, HSM_SCHEME) != NULL)
		status = hsm_discard_left(token->tokens, key, err);
	if (status == STATUS_OK && left != NULL && strstr(left, HSM_FILE) != NULL)
		status = discard_file(token, key, err);
	return status;
}

enum status token_clear_left(struct token *token, const struct key *key, char kept[KEY_LOCATOR], struct error *err)
{
	const char *const left = strchr(key->locator, KEY_LEFT);
	enum status status = STATUS_OK;
	kept[0] = '\0';
	if (left != NULL && strstr(left, HSM_SCHEME) != NULL)
		status = hsm_clear_left(token->tokens, key, kept, err);
	if (status == STATUS_OK && left != NULL && strstr(left, HSM_FILE) != NULL)
		status = discard_file(token, key, err);
	return status;
}

enum status token_discard(struct token *token, const struct key *key, struct error *err)
{
	char name[TOKEN_FILE_NAME];
	enum status status = token_discard_left(token, key, err);
	if (status != STATUS_OK)
		return status;
	if (strncmp(key->locator, HSM_SCHEME, strlen(HSM_SCHEME)) == 0)
		return hsm_discard(token->tokens, key, err);
	status = token_file_locate(key, name, err);
	return status == STATUS_OK ? discard_file(token, key, err) : status;
}
