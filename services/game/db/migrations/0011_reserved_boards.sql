-- RESERVED: rename and fill this file.
SELECT 1;
