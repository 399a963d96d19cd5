/* Steers a daemon through the proxies that gdbus-codegen makes of dbus/interfaces. Arguments: the address of the bus, and
 * the secret of a key to add. Prints `ok`. */
#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <string.h>
#include <unistd.h>

#include "kmi-proxy.h"

#define NAME "org.kmi.Proxy1"
#define ROOT "/org/kmi/Proxy1"
#define FLAGS G_DBUS_CALL_FLAGS_NO_AUTO_START
#define TIMEOUT 20000 /* ms */

static void check(gboolean holds, const char *what, GError *error) {
    if (holds) return;
    g_printerr("%s: %s\n", what, error != NULL ? error->message : "does not hold");
    exit(1);
}

static void on_rotated(KmiManager *manager, const char *from, const char *to, const char *reason, gpointer loop) {
    (void)manager, (void)from, (void)reason;
    check(strcmp(to, "codegen") == 0, "Rotated tells the key", NULL);
    g_main_loop_quit(loop);
}

static gboolean too_late(gpointer what) {
    check(FALSE, what, NULL);
    return G_SOURCE_REMOVE;
}

int main(int count, char **arguments) {
    GError *error = NULL;
    check(count == 3, "two arguments", NULL);
    GDBusConnection *bus = g_dbus_connection_new_for_address_sync(
        arguments[1], G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL,
        NULL, &error);
    check(bus != NULL, "connect", error);
    KmiManager *manager = kmi_manager_proxy_new_sync(bus, G_DBUS_PROXY_FLAGS_NONE, NAME, ROOT, NULL, &error);
    check(manager != NULL, "manager", error);
    check(strlen(kmi_manager_get_version(manager)) > 0, "Version", NULL);
    check(strcmp(kmi_manager_get_state(manager), "running") == 0, "State", NULL);

    int ends[2];
    check(pipe(ends) == 0, "pipe", NULL);
    check(write(ends[1], arguments[2], strlen(arguments[2])) > 0, "write", NULL);
    close(ends[1]);
    GUnixFDList *descriptors = g_unix_fd_list_new_from_array(&ends[0], 1);
    GVariant *none = g_variant_ref_sink(g_variant_new("a{sv}", NULL));
    char *path = NULL;
    check(kmi_manager_call_add_key_sync(manager, "codegen", "sim", g_variant_new_handle(0), none, FLAGS, TIMEOUT, descriptors,
                                        &path, NULL, NULL, &error),
          "AddKey", error);
    check(strcmp(path, ROOT "/key/codegen") == 0, path, NULL);
    KmiKey *key = kmi_key_proxy_new_sync(bus, G_DBUS_PROXY_FLAGS_NONE, NAME, path, NULL, &error);
    check(key != NULL, "key", error);
    check(strcmp(kmi_key_get_label(key), "codegen") == 0, "Label", NULL);
    check(strstr(kmi_key_get_masked(key), arguments[2]) == NULL, "Masked hides the secret", NULL);

    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    g_signal_connect(manager, "rotated", G_CALLBACK(on_rotated), loop);
    GVariant *options = g_variant_new_parsed("{'key': <'codegen'>}");
    char *chosen = NULL, *reason = NULL;
    check(kmi_manager_call_rotate_sync(manager, options, FLAGS, TIMEOUT, &chosen, &reason, NULL, &error), "Rotate", error);
    check(strcmp(chosen, "codegen") == 0, chosen, NULL);
    guint limit = g_timeout_add_seconds(20, too_late, "Rotated was not heard of");
    g_main_loop_run(loop);
    g_source_remove(limit);

    KmiClient *client = NULL;
    GUnixFDList *received = NULL;
    GVariant *handle = NULL;
    char *made = NULL;
    check(kmi_manager_call_create_client_sync(manager, "codegen", none, FLAGS, TIMEOUT, NULL, &made, &handle, &received, NULL,
                                              &error),
          "CreateClient", error);
    int token = g_unix_fd_list_get(received, g_variant_get_handle(handle), &error);
    check(token >= 0, "token", error);
    char text[5] = {0};
    check(read(token, text, 4) == 4 && strcmp(text, "kmi_") == 0, "the token begins as tokens do", NULL);
    client = kmi_client_proxy_new_sync(bus, G_DBUS_PROXY_FLAGS_NONE, NAME, made, NULL, &error);
    check(client != NULL, "client", error);
    check(kmi_client_call_revoke_sync(client, FLAGS, TIMEOUT, NULL, &error), "Revoke", error);
    check(!kmi_manager_call_remove_key_sync(manager, "nobody", FLAGS, TIMEOUT, NULL, &error), "RemoveKey of nobody fails", NULL);
    char *name = g_dbus_error_get_remote_error(error);
    check(strcmp(name, NAME ".Error.NotFound") == 0, name, NULL);
    g_clear_error(&error);
    check(kmi_manager_call_remove_key_sync(manager, "codegen", FLAGS, TIMEOUT, NULL, &error), "RemoveKey", error);
    GDBusObjectManager *tree =
        g_dbus_object_manager_client_new_sync(bus, G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_NONE, NAME, ROOT, NULL, NULL, NULL,
                                              NULL, &error);
    check(tree != NULL, "ObjectManager", error);
    check(g_dbus_object_manager_get_object(tree, ROOT "/key/alpha") != NULL, "the object manager tells of keys", NULL);
    g_print("ok\n");
    return 0;
}
