-- Reserved for badges.
SELECT 1;
