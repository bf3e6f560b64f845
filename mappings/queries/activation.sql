-- Of the workspaces that signed up in a week, the share that was active in its first seven days. A value a week, on its last day.
SELECT
    max(day) AS date,
    round(100.0 * sum(active) / sum(workspaces), 1) AS value
FROM signups
WHERE day <= :cycle_end
GROUP BY strftime('%Y-%W', day)
HAVING count(*) = 7
ORDER BY date
