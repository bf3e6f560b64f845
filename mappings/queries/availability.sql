-- Requests answered well, in per cent, day by day.
SELECT
    day AS date,
    round(100.0 * good / total, 3) AS value
FROM requests
WHERE day BETWEEN :cycle_start AND :cycle_end
ORDER BY day
