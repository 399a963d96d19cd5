// Room in the making.
